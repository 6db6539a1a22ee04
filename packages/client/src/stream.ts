import { open, type QueryOf } from './call.js'
import { ConnectionError } from './errors.js'
import type { CallOptions } from './options.js'
import type { LogEntry } from './protocol/entry.js'
import type { DoneEvent, ErrorEvent, GapEvent, StatusEvent } from './protocol/events.js'
import { type RawEvent, reconnecting, type StreamState } from './reconnecting.js'
import type { Connection } from './request.js'

interface Event<Name extends string, Data> {
  readonly event: Name
  readonly data: Data
  /** Resume after this event with it; empty for one that is no entry's. */
  readonly id: string
}

/** What a stream gives, told apart by `event`. */
export type StreamEvent =
  | Event<'log', LogEntry>
  | Event<'status', StatusEvent>
  /** The launch’s, or (without an id) the server's: never a broken connection. */
  | Event<'error', ErrorEvent>
  | Event<'done', DoneEvent>
  | Event<'gap', GapEvent>

export interface StreamOptions extends Filters, Waiting {
  /** Resume after the event with this id. */
  lastEventId?: string | undefined
}

/** The id to resume after is sent as a header. */
type Filters = Omit<QueryOf<'streamNodeLogs'>, 'last_event_id' | 'lastEventId'>

/** How a stream is waited for. */
export interface Waiting extends CallOptions {
  onState?: ((state: StreamState) => void) | undefined
  /**
   * Milliseconds without an event after which it throws StreamTimeoutError. Default: 15 minutes for
   * one node, never for all nodes.
   */
  timeout?: number | undefined
  /** The source of randomness for waiting times: 0 to 1. Default Math.random. */
  random?: (() => number) | undefined
}

const TIMEOUT = 15 * 60_000

/**
 * A node's events, each once and in order, however often the connection breaks in between. Ends
 * after `done`. Throws ApiError for a refusal that trying again cannot change (400, 401, 403, 404
 * …), and StreamTimeoutError. Leaving the loop closes the connection.
 */
export async function* streamNode(
  connection: Connection,
  nodeId: string,
  { lastEventId, signal, onState, timeout = TIMEOUT, random, ...query }: StreamOptions = {},
): AsyncGenerator<StreamEvent, void, undefined> {
  const events = reconnecting({
    connect: (seen, away) =>
      open(connection, 'streamNodeLogs', {
        id: nodeId,
        query,
        accept: 'text/event-stream',
        headers: { 'Last-Event-ID': seen || undefined },
        signal: away,
      }),
    lastEventId,
    signal,
    onState,
    timeout,
    isLast: ({ event }) => event === 'done',
    random,
  })
  for await (const event of events) yield typed<StreamEvent>(event)
}

/** An event with its data read. Throws ConnectionError for what is not JSON. */
export function typed<Of>({ event, data, id }: RawEvent): Of {
  try {
    return { event, data: JSON.parse(data), id } as Of
  } catch (cause) {
    throw new ConnectionError(`an event is not what a Launchtail server sends: ${event}`, { cause })
  }
}
