import { open, type QueryOf } from './call.js'
import type {
  EndEvent,
  MemberEvent,
  MergedDone,
  MergedError,
  MergedGap,
  MergedLog,
  MergedStatus,
} from './protocol/merged.js'
import type { Connection } from './request.js'
import { type Event, eventsOf, type Waiting } from './stream.js'

/** The events of the stream of many nodes, distinguished by `event`. Each names its node. */
export type LogsEvent =
  | Event<'log', MergedLog>
  | Event<'status', MergedStatus>
  /** An error of a launch or, without an id, of the server; never a broken connection. */
  | Event<'error', MergedError>
  /** The launch is over, and no more comes of this node. */
  | Event<'done', MergedDone>
  /** The node's log was replaced, and comes anew; without a node: that of all nodes does. */
  | Event<'gap', MergedGap>
  /** A launch has begun, or has entered or left the phase that was asked for. */
  | Event<'node', MemberEvent>
  /** The last event of a stream of named nodes. */
  | Event<'end', EndEvent>

export interface LogsOptions
  extends Omit<QueryOf<'streamLogs'>, 'last_event_id' | 'lastEventId'>,
    Waiting {
  /** Resume after the event with this id. */
  lastEventId?: string | undefined
}

/**
 * The events of many nodes, each once and those of a node in order, however often the connection breaks.
 * With `node` it ends after `end`; otherwise it does not end by itself, except at `until`.
 */
export function streamLogs(
  connection: Connection,
  {
    lastEventId,
    signal,
    onState,
    timeout = Number.POSITIVE_INFINITY,
    random,
    ...query
  }: LogsOptions = {},
): AsyncGenerator<LogsEvent, void, undefined> {
  return eventsOf((how) => open(connection, 'streamLogs', { query, ...how }), {
    ...{ lastEventId, signal, onState, timeout, random },
    last: 'end',
  })
}
