import type { Client, StreamEvent, StreamState } from '@launchtail/client'

export interface LogReaderOptions {
  readonly client: Client
  readonly nodeId: string
  readonly lastEventId: string | undefined
  /** Takes an event; the next one is read when it resolves. */
  readonly onEvent: (event: StreamEvent, signal: AbortSignal) => Promise<void>
  readonly onState: (state: StreamState, follow: boolean) => void
}

export interface LogReader {
  /**
   * Reads on from the last event: what is there now, or with `follow` until the log ends. True when
   * the launch is over.
   */
  read(follow: boolean, signal: AbortSignal): Promise<boolean>
}

/** Reads one log, in as many requests as it takes, each event once. */
export function createLogReader({
  client,
  nodeId,
  lastEventId: from,
  onEvent,
  onState,
}: LogReaderOptions): LogReader {
  let lastEventId = from
  return { read }

  async function read(follow: boolean, signal: AbortSignal): Promise<boolean> {
    const events = client.stream(nodeId, {
      follow,
      tail: 'all',
      ...(lastEventId && { lastEventId }),
      signal,
      timeout: Number.POSITIVE_INFINITY,
      onState: (state) => onState(state, follow),
    })
    for await (const event of events) {
      // A request that does not follow ends so while the launch goes on.
      if (event.event === 'done' && event.data.status === 'launching') return false
      await onEvent(event, signal)
      lastEventId = event.id || lastEventId
      if (event.event === 'done') return true
      // Otherwise the stream would notice only with the next event.
      signal.throwIfAborted()
    }
    // 204: all of it had been read before.
    return follow
  }
}
