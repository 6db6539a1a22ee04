import {
  type Cursor,
  type DoneEvent,
  formatCursor,
  isTerminal,
  type NodeRecord,
  operations,
  parseCursor,
  START,
  type StreamQuery,
} from '@launchtail/client/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { HttpError, nodeNotFound, StorageUnavailable } from '../../errors.js'
import { endpointOf, oneLine, statusOf } from '../../logs/entry-text.js'
import { passes } from '../../logs/history.js'
import type { Registry } from '../../nodes/registry.js'
import type { Feed } from '../../stream/feed.js'
import type { Feeds, Watched } from '../../stream/feeds.js'
import { FORMATS, type Format } from '../../stream/formats.js'
import { cursorOf, type Item } from '../../stream/item.js'
import { retryOf } from '../../stream/lifetime.js'
import type { ReaderOptions } from '../../stream/reader.js'
import { mount } from '../operation.js'

export interface StreamOptions {
  feeds: Feeds
  registry: Registry
  random?: () => number
}

/** What a reader without an `Accept` of its own gets is the first of these. */
const BY_TYPE: Record<string, Format> = {
  'text/event-stream': FORMATS.sse,
  'application/x-ndjson': FORMATS.ndjson,
  'text/plain': FORMATS.text,
}

/** `GET /admin/nodes/{id}/logs/stream`, and its HEAD. */
export function mountStream(
  app: FastifyInstance,
  { feeds, registry, random = Math.random }: StreamOptions,
): void {
  const operation = operations.streamNodeLogs
  mount(app, operation, ({ id, query, request, reply }) => open(id, query, request, reply), accept)
  mount(
    app,
    { ...operation, method: 'HEAD' } as const,
    async ({ id, request, reply }) => {
      if (!(await registry.find(id))) throw nodeNotFound()
      return reply.headers(headersOf(formatFor(request))).send()
    },
    accept,
  )

  async function open(
    nodeId: string,
    query: StreamQuery,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const record = await registry.find(nodeId)
    if (!record) throw nodeNotFound()
    return feeds.use(nodeId, async (watched) => {
      if (!watched.feed.reachable()) throw new StorageUnavailable('watched list out of reach')
      const options = await plan(nodeId, watched, record, query, request)
      if (!options) return reply.code(204).send()
      const { raw } = reply
      // Nothing can be refused any more: from here on the socket is the stream's.
      reply.hijack()
      raw.writeHead(200, headersOf(options.format))
      watched.fanout.add({ ...options, response: raw })
      return reply
    })
  }

  /** What the reader is to be sent; undefined where it has seen the end of it. */
  async function plan(
    nodeId: string,
    { feed }: Watched,
    record: NodeRecord,
    query: StreamQuery,
    request: FastifyRequest,
  ): Promise<Omit<ReaderOptions, 'response'> | undefined> {
    const { follow, level, since } = query
    const format = formatFor(request)
    const id = request.headers['last-event-id'] ?? query.last_event_id ?? query.lastEventId ?? ''
    const resumed = id === '' ? undefined : (parseCursor(String(id)) ?? 'unknown')
    if (resumed && resumed !== 'unknown' && isFinished(resumed, feed, record, follow)) {
      return undefined
    }
    const from = resumed === 'unknown' ? START : (resumed ?? (await startOf(feed, query)))
    const historic = resumed === undefined && since !== undefined
    // What other programs wrote a moment ago is not in the record yet.
    const bare = resumed === undefined && query.tail === 0
    const state = bare ? await registry.find(nodeId, from.index + 1) : undefined
    return {
      format,
      levels: level,
      from,
      ...(resumed === 'unknown' && { unknown: String(id) }),
      ...(historic && { history: { since, until: feed.length() } }),
      ...(state && { first: stateOf(state, format, from) }),
      ...(!follow && { last: (newest: Item | undefined) => endOf(record, format, newest) }),
      ...(record.ended_at !== undefined && { over: doneOf(record, format, undefined) }),
      retry: retryOf(random),
    }
  }
}

/** Where a new reader starts: before the first of the last `tail` entries that it wants to see. */
async function startOf(feed: Feed, { tail, since, level }: StreamQuery): Promise<Cursor> {
  if (tail === 0) return feed.tip()
  if (tail === Number.POSITIVE_INFINITY) return START
  let missing = tail
  let start = feed.length()
  for (let to = start; to > 0 && missing > 0; ) {
    const from = Math.max(0, to - Math.min(500, Math.max(100, missing)))
    const items = await feed.read(from, to - from)
    for (let i = items.length - 1; i >= 0 && missing > 0; i -= 1) {
      const { entry, index } = items[i] as Item
      if (!entry || !passes(entry, since, level)) continue
      start = index
      missing -= 1
    }
    to = from
  }
  if (start === 0) return START
  const [before] = await feed.read(start - 1, 1)
  return cursorOf(before)
}

/** Whether the cursor is of a `done` after which nothing has come: then there is no more to say. */
function isFinished(
  { index, check, event }: Cursor,
  feed: Feed,
  record: NodeRecord,
  follow: boolean,
): boolean {
  if (event !== 'done') return false
  const newest = feed.newest()
  if (!newest) return index < 0 && (record.ended_at !== undefined || !follow)
  if (newest.index !== index || newest.check !== check) return false
  return !follow || (newest.entry !== undefined && isTerminal(newest.entry.phase))
}

/** The state of now, for a reader that wants no history. */
function stateOf(record: NodeRecord, format: Format, from: Cursor): string {
  const { phase, progress, message, phases } = record
  if (phases.length === 0) return ''
  return format.event('status', oneLine({ phase, progress, message }), formatCursor(from))
}

function endOf(record: NodeRecord, format: Format, newest: Item | undefined): string {
  const message = 'Log stream complete (follow=false)'
  // The record may be a moment behind the list.
  const status = newest?.entry ? statusOf(newest.entry) : record.status
  const endpoint = (newest?.entry && endpointOf(newest.entry)) ?? record.endpoint
  const { endpoint: _, ...rest } = record
  const now = { ...rest, status, message, ...(endpoint !== undefined && { endpoint }) }
  return doneOf(now, format, newest)
}

function doneOf(record: NodeRecord, format: Format, newest: Item | undefined): string {
  const { status, endpoint, message } = record
  const done: DoneEvent = { status, ...(endpoint !== undefined && { endpoint }), message }
  return format.event('done', oneLine(done), formatCursor({ ...cursorOf(newest), event: 'done' }))
}

function accept(request: FastifyRequest): void {
  formatFor(request)
}

/** The format the request admits. Throws 406 where that is none of ours. */
function formatFor(request: FastifyRequest): Format {
  const type = request.accepts().type(Object.keys(BY_TYPE))
  const format = typeof type === 'string' ? BY_TYPE[type] : undefined
  if (format) return format
  throw new HttpError(406, `only ${Object.keys(BY_TYPE).join(', ')} can be sent`)
}

/** The head of a stream in this format. */
export function headersOf({ contentType }: Format): Record<string, string> {
  return {
    'Content-Type': contentType,
    // A proxy that stores or packs the stream would hold it back.
    'Cache-Control': 'no-cache, no-transform',
    'X-Accel-Buffering': 'no',
    'X-Content-Type-Options': 'nosniff',
  }
}
