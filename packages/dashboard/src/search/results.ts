import type { Counted } from '@launchtail/client'
import { type ReadonlySignal, signal } from '@preact/signals'
import { client } from '../session.js'
import { type Asked, conditionsOf } from './asked.js'
import type { Shown } from './live.js'

export interface Results {
  readonly hits: ReadonlySignal<readonly Shown[]>
  readonly counted: ReadonlySignal<Counted | undefined>
  readonly isBusy: ReadonlySignal<boolean>
  /** Where the search goes on; undefined where everything was looked at. */
  readonly cursor: ReadonlySignal<string | undefined>
  /** The time that it has come to, where it stopped before it had a page full. */
  readonly searchedBackTo: ReadonlySignal<string | undefined>
  readonly fault: ReadonlySignal<string>
  /** The search whose newest entries are shown, and where the stream goes on behind it. */
  readonly newest: ReadonlySignal<Newest | undefined>
  /** How many entries have come since, and whether all of them are shown. */
  readonly since: ReadonlySignal<Since>
  /** Adds entries that are newer than all others. */
  add(entries: readonly Shown[], isWhole: boolean): void
  /** Looks for what is asked for, in place of what was before. */
  ask(asked: Asked): void
  /** Goes on where the search has stopped. */
  more(): void
  stop(): void
}

export interface Newest {
  readonly asked: Asked
  readonly lastEventId: string | undefined
}

export interface Since {
  readonly count: number
  readonly isWhole: boolean
}

const NONE: Since = { count: 0, isWhole: true }

/** Rows that are shown while more keep coming. */
const MOST_SHOWN = 2000

/** What a search has found, a page at a time, the newest first. */
export function createResults(): Results {
  const hits = signal<readonly Shown[]>([])
  const counted = signal<Counted | undefined>(undefined)
  const isBusy = signal(false)
  const cursor = signal<string | undefined>(undefined)
  const searchedBackTo = signal<string | undefined>(undefined)
  const fault = signal('')
  const newest = signal<Newest | undefined>(undefined)
  const since = signal(NONE)
  let asked: Asked | undefined
  let asking = new AbortController()
  return {
    hits,
    counted,
    isBusy,
    cursor,
    searchedBackTo,
    fault,
    newest,
    since,
    ask,
    add,
    more,
    stop,
  }

  function ask(next: Asked): void {
    stop()
    asking = new AbortController()
    asked = next
    const { signal } = asking
    counted.value = undefined
    newest.value = undefined
    since.value = NONE
    void page(undefined)
    client
      .peek()
      .countLogs({ ...conditionsOf(next), signal })
      .then(
        (counts) => {
          if (!signal.aborted) counted.value = counts
        },
        // The search itself says what is wrong.
        () => {},
      )
  }

  function add(entries: readonly Shown[], isWhole: boolean): void {
    const all = [...entries, ...(isWhole ? hits.peek() : [])]
    const { count, isWhole: wasWhole } = since.peek()
    since.value = { count: count + entries.length, isWhole: wasWhole && isWhole }
    hits.value = all.slice(0, MOST_SHOWN)
    // What is not shown any more is found by another search.
    if (!isWhole || all.length > MOST_SHOWN) cursor.value = undefined
  }

  function more(): void {
    if (!isBusy.peek()) void page(cursor.peek())
  }

  async function page(from: string | undefined): Promise<void> {
    const { signal } = asking
    isBusy.value = true
    try {
      const conditions = conditionsOf(asked as Asked)
      const found = await client
        .peek()
        .searchLogs({ ...conditions, ...(from !== undefined && { cursor: from }), signal })
      if (signal.aborted) return
      hits.value = from === undefined ? found.logs : [...hits.peek(), ...found.logs]
      cursor.value = found.cursor
      searchedBackTo.value = found.searched_back_to
      if (from === undefined)
        newest.value = { asked: asked as Asked, lastEventId: found.lastEventId }
      fault.value = ''
    } catch (error) {
      if (signal.aborted) return
      if (from === undefined) hits.value = []
      cursor.value = from
      fault.value = (error as Error).message
    }
    isBusy.value = false
  }

  function stop(): void {
    asking.abort()
    isBusy.value = false
  }
}
