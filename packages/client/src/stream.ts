import { open, type QueryOf } from './call.js'
import type { RawEvent } from './connection.js'
import { ConnectionError } from './errors.js'
import type { CallOptions } from './options.js'
import type { LogEntry } from './protocol/entry.js'
import type { DoneEvent, ErrorEvent, GapEvent, StatusEvent } from './protocol/events.js'
import { reconnecting, type StreamState } from './reconnecting.js'
import type { Connection } from './request.js'

export interface Event<Name extends string, Data> {
  readonly event: Name
  readonly data: Data
  /** The id to resume after this event; empty for an event that belongs to no entry. */
  readonly id: string
}

/** The events of a node's stream, distinguished by `event`. */
export type StreamEvent =
  | Event<'log', LogEntry>
  | Event<'status', StatusEvent>
  /** An error of the launch or, without an id, of the server; never a broken connection. */
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
   * one node, never for several.
   */
  timeout?: number | undefined
  /** The source of randomness for waiting times: 0 to 1. Default Math.random. */
  random?: (() => number) | undefined
}

const TIMEOUT = 15 * 60_000

/**
 * A node's events, each once and in order, however often the connection breaks. Ends after `done`.
 * Throws ApiError for a refusal that is final (400, 401, 403, 404 …), and StreamTimeoutError.
 * Leaving the loop closes the connection.
 */
export function streamNode(
  connection: Connection,
  nodeId: string,
  { lastEventId, signal, onState, timeout = TIMEOUT, random, ...query }: StreamOptions = {},
): AsyncGenerator<StreamEvent, void, undefined> {
  return eventsOf((how) => open(connection, 'streamNodeLogs', { id: nodeId, query, ...how }), {
    lastEventId,
    signal,
    onState,
    timeout,
    random,
    last: 'done',
  })
}

export interface EventsOptions<Of extends { event: string }> extends Waiting {
  timeout: number
  lastEventId: string | undefined
  /** No event follows one of this name. */
  last: Of['event']
}

/** What a request for a stream has beside its query. */
type How = ReturnType<typeof askedAfter>

/** The events of a stream that is asked for by `ask`, over as many connections as it takes. */
export async function* eventsOf<Of extends { event: string }>(
  ask: (how: How) => Promise<Response>,
  { last, ...options }: EventsOptions<Of>,
): AsyncGenerator<Of, void, undefined> {
  const events = reconnecting({
    ...options,
    connect: (seen, away) => ask(askedAfter(seen, away)),
    isLast: ({ event }) => event === last,
  })
  for await (const event of events) yield typed<Of>(event)
}

function askedAfter(seen: string, signal: AbortSignal) {
  const headers = { 'Last-Event-ID': seen || undefined }
  return { accept: 'text/event-stream' as const, headers, signal }
}

/** Parses an event's data. Throws ConnectionError if it is not JSON. */
export function typed<Of>({ event, data, id }: RawEvent): Of {
  try {
    return { event, data: JSON.parse(data), id } as Of
  } catch (cause) {
    throw new ConnectionError(`the data of an event is not JSON: ${event}`, { cause })
  }
}
