import { open } from './call.js'
import type { DeletedEvent, ReadyEvent } from './protocol/fleet.js'
import type { NodeRecord } from './protocol/node.js'
import { reconnecting } from './reconnecting.js'
import type { Connection } from './request.js'
import { typed, type Waiting } from './stream.js'

export type NodesStreamOptions = Waiting

/** What the stream of all nodes gives, told apart by `event`. */
export type NodesEvent =
  /** A node as it is now: one that is new, or has changed. */
  | { readonly event: 'node'; readonly data: NodeRecord }
  /** All nodes of now have come; one that was there before and did not come again is gone. */
  | { readonly event: 'ready'; readonly data: ReadyEvent }
  | { readonly event: 'deleted'; readonly data: DeletedEvent }

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
      open(connection, 'streamNodes', { accept: 'text/event-stream', signal: away }),
    signal,
    onState,
    timeout,
    isLast: () => false,
    random,
  })
  for await (const event of events) yield typed<NodesEvent>(event)
}
