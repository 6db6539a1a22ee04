import { open } from './call.js'
import type { DeletedEvent, ReadyEvent } from './protocol/fleet.js'
import type { NodeRecord } from './protocol/node.js'
import { reconnecting } from './reconnecting.js'
import type { Connection } from './request.js'
import { typed, type Waiting } from './stream.js'

export type NodesStreamOptions = Waiting

/** The events of the stream of all nodes, distinguished by `event`. */
export type NodesEvent =
  /** The current record of a node that is new or has changed. */
  | { readonly event: 'node'; readonly data: NodeRecord }
  /** All current nodes have been sent. A node of an earlier connection that was not is gone. */
  | { readonly event: 'ready'; readonly data: ReadyEvent }
  | { readonly event: 'deleted'; readonly data: DeletedEvent }

/**
 * The records of all nodes, live. It does not end by itself. After each reconnect it starts over
 * with the current nodes and `ready`.
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
