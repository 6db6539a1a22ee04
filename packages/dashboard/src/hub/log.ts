import { ApiError, type Client, type StreamState } from '@launchtail/client'
import { createBatches } from './batches.js'
import { connectionStateOf } from './connection-state.js'
import { createLogReader } from './log-reader.js'
import type { ConnectionState, FromHub, Subscription } from './messages.js'
import type { StreamSlots } from './stream-slots.js'

/** How often a log without a stream of its own is polled, in ms. */
const POLL_INTERVAL = 1000

export interface WatchLogOptions {
  readonly client: Client
  readonly slots: StreamSlots
  readonly id: number
  readonly nodeId: string
  readonly lastEventId: string | undefined
  readonly send: (message: FromHub) => void
}

/** A tab's view of one node's log: every event once, in order, however it is connected. */
export function watchLog(options: WatchLogOptions): Subscription {
  const { slots, id, send } = options
  const batches = createBatches((events) => send({ type: 'events', id, events }))
  const reader = createLogReader({ ...options, onEvent: batches.push, onState })
  /** Ended when the log gains or loses its slot, to reconnect now, and when the tab leaves. */
  let attempt = new AbortController()
  let stopped = false
  /**
   * True once the stored entries have been read. They are read by a request that ends: where many
   * logs are opened at once, a stream would lose its slot to the next one before it has sent them.
   */
  let caughtUp = false
  let waiting = false
  const slot = slots.acquire(() => {
    if (caughtUp) attempt.abort()
  })
  void run()
  return {
    ack: batches.ack,
    focus() {
      slot.touch()
      if (waiting) attempt.abort()
    },
    stop() {
      stopped = true
      attempt.abort()
    },
  }

  async function run(): Promise<void> {
    try {
      while (!stopped) {
        attempt = new AbortController()
        if (!(await read(attempt.signal))) continue
        batches.flush()
        tell({ state: 'over' })
        return
      }
    } catch (error) {
      const status = error instanceof ApiError ? error.status : 0
      send({ type: 'refused', id, status, message: (error as Error).message })
    } finally {
      slot.release()
    }
  }

  /** Reads until the launch is over (then true) or the signal ends this attempt. */
  async function read(signal: AbortSignal): Promise<boolean> {
    try {
      if (!caughtUp && (await reader.read(false, signal))) return true
      caughtUp = true
      if (slot.isStreaming()) return await reader.read(true, signal)
      tell({ state: 'polling' })
      for (;;) {
        await sleep(POLL_INTERVAL, signal)
        if (await reader.read(false, signal)) return true
      }
    } catch (error) {
      if (signal.aborted) return false
      throw error
    }
  }

  function onState(state: StreamState, follow: boolean): void {
    if (follow || state.state === 'waiting') tell(connectionStateOf(state))
    // A poll that succeeds is worth telling only after one that failed.
    else if (waiting) tell({ state: caughtUp ? 'polling' : 'connecting' })
  }

  function tell(state: ConnectionState): void {
    waiting = state.state === 'waiting'
    send({ type: 'state', id, state })
  }
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(finish, ms)
    signal.addEventListener('abort', finish)
    function finish() {
      clearTimeout(timer)
      signal.removeEventListener('abort', finish)
      if (signal.aborted) reject(signal.reason)
      else resolve()
    }
  })
}
