import type { StreamEvent } from '@launchtail/client'

/** A screen shows no more often than this, in ms. */
const FRAME = 30
/** So many events in one message, and so many messages without an ack: then reading pauses. */
const BATCH_LIMIT = 2000
const UNACKED_LIMIT = 2

export interface Batches {
  /** Adds an event; resolves when the next one may be read. */
  push(event: StreamEvent, signal: AbortSignal): Promise<void>
  /** Sends what is there, unless the tab is too far behind. */
  flush(): void
  /** The tab has processed a message. */
  ack(): void
}

/** Sends events together, once a frame, and never further ahead than the tab can process. */
export function createBatches(send: (events: StreamEvent[]) => void): Batches {
  let batch: StreamEvent[] = []
  let unacked = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let resume = () => {}
  return { push, flush, ack }

  async function push(event: StreamEvent, signal: AbortSignal): Promise<void> {
    batch.push(event)
    timer ??= setTimeout(flush, FRAME)
    if (batch.length < BATCH_LIMIT) return
    while (unacked >= UNACKED_LIMIT && !signal.aborted) await room(signal)
    flush()
  }

  async function room(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      resume = resolve
      signal.addEventListener('abort', resume, { once: true })
    })
    signal.removeEventListener('abort', resume)
  }

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    if (batch.length === 0 || unacked >= UNACKED_LIMIT) return
    unacked += 1
    send(batch)
    batch = []
  }

  function ack(): void {
    unacked -= 1
    resume()
    if (batch.length > 0) timer ??= setTimeout(flush, FRAME)
  }
}
