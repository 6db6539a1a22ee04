import { ApiError, type Client, type StreamEvent } from '@launchtail/client'
import type { FromHub, LinkState, Subscription } from './messages.js'
import type { Turns } from './turns.js'

/** How often a log that has no stream of its own is asked for, in ms. */
const ROUND = 1000
/** A screen shows no more often than this, in ms. */
const FRAME = 30
/** So many events in one message, and so many messages not yet taken in: then nothing is read. */
const LARGEST = 2000
const AHEAD = 2

export interface WatchLogOptions {
  readonly client: Client
  readonly turns: Turns
  readonly id: number
  readonly nodeId: string
  readonly lastEventId: string | undefined
  readonly send: (message: FromHub) => void
}

/** A tab's view of one node's log: every event once, in order, however it is connected. */
export function watchLog({
  client,
  turns,
  id,
  nodeId,
  lastEventId,
  send,
}: WatchLogOptions): Subscription {
  const stopped = new AbortController()
  const outflow = createOutflow((events) => send({ type: 'events', id, events }))
  /** Ends what is under way, because the turn has changed. */
  let changed = new AbortController()
  /**
   * What is kept has been read. It is asked for by a request that ends: where many logs are opened at
   * once, streams lose their turn to the next ones before they have given all of it.
   */
  let caughtUp = false
  let waiting = false
  let last = lastEventId
  const turn = turns.join(() => {
    if (caughtUp) changed.abort()
  })
  void run()
  return {
    taken: outflow.taken,
    seen() {
      turn.first()
      if (waiting) changed.abort()
    },
    stop: () => stopped.abort(),
  }

  async function run(): Promise<void> {
    try {
      while (!stopped.signal.aborted) {
        changed = new AbortController()
        if (await read(AbortSignal.any([stopped.signal, changed.signal]))) {
          outflow.flush()
          tell({ state: 'over' })
          return
        }
      }
    } catch (error) {
      const status = error instanceof ApiError ? error.status : 0
      send({ type: 'refused', id, status, message: (error as Error).message })
    } finally {
      turn.leave()
    }
  }

  /** Reads until the launch is over (then true) or the signal says that it must be done otherwise. */
  async function read(signal: AbortSignal): Promise<boolean> {
    try {
      if (!caughtUp && (await readOnce(false, signal))) return true
      caughtUp = true
      if (turn.live()) return await readOnce(true, signal)
      tell({ state: 'rounds' })
      for (;;) {
        await pause(ROUND, signal)
        if (await readOnce(false, signal)) return true
      }
    } catch (error) {
      if (signal.aborted) return false
      throw error
    }
  }

  async function readOnce(follow: boolean, signal: AbortSignal): Promise<boolean> {
    const events = client.stream(nodeId, {
      follow,
      tail: 'all',
      ...(last && { lastEventId: last }),
      signal,
      timeout: Number.POSITIVE_INFINITY,
      onState(state) {
        if (state.state === 'waiting') {
          const { delay, error } = state
          tell({ state: 'waiting', at: Date.now() + delay, because: error?.message ?? '' })
        } else if (follow) tell(state)
        else if (waiting) tell({ state: caughtUp ? 'rounds' : 'connecting' })
      },
    })
    for await (const event of events) {
      const { event: name, data } = event
      // The end of a round is no end of the launch.
      if (name === 'done' && data.status === 'launching') return false
      await outflow.push(event, signal)
      last = event.id || last
      if (name === 'done') return true
      // What is thrown for the signal would only come with the next event.
      signal.throwIfAborted()
    }
    // 204: all of it had been read before.
    return follow
  }

  function tell(state: LinkState): void {
    waiting = state.state === 'waiting'
    send({ type: 'state', id, state })
  }
}

/** Sends events on together, once a frame, and no further ahead than they are taken in. */
function createOutflow(send: (events: StreamEvent[]) => void) {
  let batch: StreamEvent[] = []
  let ahead = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let room = () => {}
  return { push, flush, taken }

  async function push(event: StreamEvent, signal: AbortSignal): Promise<void> {
    batch.push(event)
    timer ??= setTimeout(flush, FRAME)
    if (batch.length < LARGEST) return
    while (ahead >= AHEAD && !signal.aborted) {
      await new Promise<void>((resolve) => {
        room = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    flush()
  }

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    if (batch.length === 0 || ahead >= AHEAD) return
    ahead += 1
    send(batch)
    batch = []
  }

  function taken(): void {
    ahead -= 1
    room()
    if (batch.length > 0) timer ??= setTimeout(flush, FRAME)
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })
}
