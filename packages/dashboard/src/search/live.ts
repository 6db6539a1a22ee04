import type { Hit, LogEntry, StreamState } from '@launchtail/client'
import { type ReadonlySignal, signal } from '@preact/signals'
import { client } from '../session.js'
import { type Asked, conditionsOf } from './asked.js'

/** An entry that was found. One that has come by the stream has no cursor. */
export type Shown = Omit<Hit, 'cursor'> & { readonly cursor?: string }

/** What is found from now on. */
export interface Live {
  readonly state: ReadonlySignal<'off' | StreamState['state']>
  readonly isPaused: ReadonlySignal<boolean>
  /** How many have come during the pause, and have not been dropped. */
  readonly held: ReadonlySignal<number>
  /** Follows from the id of a search on. */
  follow(asked: Asked, lastEventId: string | undefined): void
  pause(isPaused: boolean): void
  stop(): void
}

export interface LiveOptions {
  /** The newest first. `isWhole` is false where older ones had to be dropped. */
  onEntries: (entries: readonly Shown[], isWhole: boolean) => void
  onFault: (error: Error) => void
}

/** Entries that are held during a pause. */
const MOST_HELD = 500
/** Milliseconds for which entries are collected: each showing lays the list out anew. */
const COLLECT = 100

export function createLive({ onEntries, onFault }: LiveOptions): Live {
  const state = signal<'off' | StreamState['state']>('off')
  const isPaused = signal(false)
  const held = signal(0)
  let came: Shown[] = []
  let isWhole = true
  let timer: ReturnType<typeof setTimeout> | undefined
  let following = new AbortController()
  return { state, isPaused, held, follow, pause, stop }

  function follow(asked: Asked, lastEventId: string | undefined): void {
    stop()
    following = new AbortController()
    read(asked, lastEventId, following.signal).catch((error) => {
      if (following.signal.aborted) return
      state.value = 'off'
      onFault(error)
    })
  }

  async function read(asked: Asked, lastEventId: string | undefined, signal: AbortSignal) {
    const { since: _, until: __, ...conditions } = conditionsOf(asked)
    const onState = (next: StreamState) => {
      if (!signal.aborted) state.value = next.state
    }
    // Without an id, the history has been shown by the search.
    const from = lastEventId === undefined ? { tail: 0 } : { lastEventId }
    const events = client.peek().streamLogs({ ...conditions, ...from, signal, onState })
    for await (const { event, data } of events) {
      if (signal.aborted) return
      if (event === 'log') take(data)
    }
    state.value = 'off'
  }

  function take(entry: LogEntry & { node_id: string }): void {
    came.push(entry)
    if (came.length > MOST_HELD) {
      came = came.slice(-MOST_HELD / 2)
      isWhole = false
    }
    if (isPaused.peek()) held.value = came.length
    else timer ??= setTimeout(show, COLLECT)
  }

  function show(): void {
    timer = undefined
    held.value = 0
    if (came.length > 0) onEntries(came.toReversed(), isWhole)
    came = []
    isWhole = true
  }

  function pause(next: boolean): void {
    isPaused.value = next
    clearTimeout(timer)
    timer = undefined
    if (next) held.value = came.length
    else show()
  }

  function stop(): void {
    following.abort()
    clearTimeout(timer)
    timer = undefined
    came = []
    isWhole = true
    held.value = 0
    isPaused.value = false
    state.value = 'off'
  }
}
