import type { Counted, Hit } from '@launchtail/client'
import { type ReadonlySignal, signal } from '@preact/signals'
import { client } from '../session.js'
import { type Asked, conditionsOf } from './asked.js'

export interface Results {
  readonly hits: ReadonlySignal<readonly Hit[]>
  readonly counted: ReadonlySignal<Counted | undefined>
  readonly isBusy: ReadonlySignal<boolean>
  /** Where the search goes on; undefined where everything was looked at. */
  readonly cursor: ReadonlySignal<string | undefined>
  /** The time that it has come to, where it stopped before it had a page full. */
  readonly searchedBackTo: ReadonlySignal<string | undefined>
  readonly fault: ReadonlySignal<string>
  /** Looks for what is asked for, in place of what was before. */
  ask(asked: Asked): void
  /** Goes on where the search has stopped. */
  more(): void
  stop(): void
}

/** What a search has found, a page at a time, the newest first. */
export function createResults(): Results {
  const hits = signal<readonly Hit[]>([])
  const counted = signal<Counted | undefined>(undefined)
  const isBusy = signal(false)
  const cursor = signal<string | undefined>(undefined)
  const searchedBackTo = signal<string | undefined>(undefined)
  const fault = signal('')
  let asked: Asked | undefined
  let asking = new AbortController()
  return { hits, counted, isBusy, cursor, searchedBackTo, fault, ask, more, stop }

  function ask(next: Asked): void {
    stop()
    asking = new AbortController()
    asked = next
    const { signal } = asking
    counted.value = undefined
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
