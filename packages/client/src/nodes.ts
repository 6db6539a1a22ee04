import type { DeletedEvent, ReadyEvent } from './protocol/fleet.js'
import type { NodeRecord } from './protocol/node.js'
import { reconnecting, type StreamState } from './reconnecting.js'
import { type Connection, open } from './request.js'
import { typed } from './stream.js'

/** What the stream of all nodes gives, told apart by `event`. */
export type NodesEvent =
  /** A node as it is now: one that is new, or has changed. */
  | { readonly event: 'node'; readonly data: NodeRecord }
  /** All nodes of now have come; one that was there before and did not come again is gone. */
  | { readonly event: 'ready'; readonly data: ReadyEvent }
  | { readonly event: 'deleted'; readonly data: DeletedEvent }

export interface NodesStreamOptions {
  signal?: AbortSignal
  onState?: (state: StreamState) => void
  /** Milliseconds without an event after which it throws StreamTimeoutError. Default: never. */
  timeout?: number
  /** Where its waiting times are drawn from: 0 to 1. Default Math.random. */
  random?: () => number
}

/**
 * The records of all nodes, live. Does not end by itself; after each break in the connection it
 * begins anew: the nodes of then, and `ready`.
 */
export async function* streamNodes(
  connection: Connection,
  { signal, onState, timeout = Number.POSITIVE_INFINITY, random }: NodesStreamOptions = {},
): AsyncGenerator<NodesEvent, void, undefined> {
  const events = reconnecting({
    connect: (_seen, away) =>
      open(connection, '/admin/nodes/stream', {
        headers: { Accept: 'text/event-stream' },
        signal: away,
      }),
    signal,
    onState,
    timeout,
    isLast: () => false,
    random,
  })
  for await (const event of events) yield typed<NodesEvent>(event)
}
