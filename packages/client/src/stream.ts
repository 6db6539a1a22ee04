import { ConnectionError } from './errors.js'
import type { LogEntry } from './protocol/entry.js'
import type { DoneEvent, ErrorEvent, GapEvent, StatusEvent } from './protocol/events.js'
import type { Level } from './protocol/levels.js'
import { type RawEvent, reconnecting, type StreamState } from './reconnecting.js'
import { type Connection, open } from './request.js'

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

export interface StreamOptions {
  /** How many of the newest entries come first, or `all`. Default 100. */
  tail?: number | 'all'
  /** Only entries later than this: RFC 3339, or a duration back from now such as `10m`. */
  since?: string
  /** That level and above, or a list of exactly these. Thins out `log` alone. */
  level?: Level | readonly Level[]
  /** False: what there is, then `done`. Default true. */
  follow?: boolean
  /** Resume after the event of this id. */
  lastEventId?: string
  signal?: AbortSignal
  onState?: (state: StreamState) => void
  /** Milliseconds without an event after which it throws StreamTimeoutError. Default 15 minutes. */
  timeout?: number
  /** Where its waiting times are drawn from: 0 to 1. Default Math.random. */
  random?: () => number
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
  { lastEventId, signal, onState, timeout = TIMEOUT, random, ...filters }: StreamOptions = {},
): AsyncGenerator<StreamEvent, void, undefined> {
  const path = `/admin/nodes/${encodeURIComponent(nodeId)}/logs/stream`
  const events = reconnecting({
    connect: (seen, away) =>
      open(connection, path, {
        query: queryOf(filters),
        headers: { Accept: 'text/event-stream', 'Last-Event-ID': seen || undefined },
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

function queryOf({ tail, since, level, follow }: StreamOptions) {
  return { tail, since, level: typeof level === 'object' ? level.join(',') : level, follow }
}
