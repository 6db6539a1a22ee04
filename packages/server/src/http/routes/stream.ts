import { type NodeRecord, operations } from '@launchtail/client/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { HttpError, nodeNotFound, StorageUnavailable } from '../../errors.js'
import type { Archive } from '../../find/archive/archive.js'
import { filterFor } from '../../find/filter-for.js'
import type { SlowEntries } from '../../find/slow-entries.js'
import type { Registry } from '../../nodes/registry.js'
import type { Feeds, Watched } from '../../stream/feeds.js'
import { FORMATS, type Format } from '../../stream/formats.js'
import { planReader } from '../../stream/plan.js'
import { type Call, mount } from '../operation.js'
import { lastEventIdOf, streamHeaders } from '../stream-headers.js'
import type { ResumedStream } from './resumed-stream.js'

export interface StreamOptions {
  feeds: Feeds
  /** The logs of which only the archive has something. */
  expired: Feeds
  archive: Pick<Archive, 'past'>
  registry: Registry
  resumed: Pick<ResumedStream, 'remember'>
  slowEntries: SlowEntries
}

/** A request without an `Accept` gets the first of these. */
const BY_TYPE: Record<string, Format> = {
  'text/event-stream': FORMATS.sse,
  'application/x-ndjson': FORMATS.ndjson,
  'text/plain': FORMATS.text,
}

/** `GET /admin/nodes/{id}/logs/stream`, and its HEAD. */
export function mountStream(
  app: FastifyInstance,
  { feeds, expired, archive, registry, resumed, slowEntries }: StreamOptions,
): void {
  const operation = operations.streamNodeLogs
  mount(app, operation, open, accept)
  mount(
    app,
    { ...operation, method: 'HEAD' } as const,
    async ({ id, request, reply }) => {
      if (!(await registry.find(id))) throw nodeNotFound()
      return reply.headers(streamHeaders(formatFor(request))).send()
    },
    accept,
  )

  async function open(call: Call<typeof operation>): Promise<FastifyReply | undefined> {
    const record = await registry.find(call.id)
    if (!record) throw nodeNotFound()
    const opened = await feeds.use(call.id, async (watched) => {
      if (!watched.feed.reachable()) throw new StorageUnavailable('watched list out of reach')
      return (await hasExpired(watched, record)) ? 'expired' : openWith(watched, record, call)
    })
    if (opened !== 'expired') return opened ? undefined : call.reply.code(204).send()
    call.reply.raw.setHeader('Log-Expired', 'true')
    const isOpen = await expired.use(call.id, (watched) => openWith(watched, record, call))
    return isOpen ? undefined : call.reply.code(204).send()
  }

  /** True if the launch is over, and the archive alone has its log. */
  async function hasExpired({ feed }: Watched, { node_id, ended_at }: NodeRecord) {
    if (feed.length() > 0 || ended_at === undefined) return false
    return (await archive.past.length(node_id)) > 0
  }

  /** False if there is nothing to be sent. */
  async function openWith(
    { feed, fanout }: Watched,
    record: NodeRecord,
    { id: nodeId, query, find, request, reply }: Call<typeof operation>,
  ): Promise<boolean> {
    const filter = await filterFor(nodeId, {
      levels: query.level,
      find,
      now: Date.now(),
      registry,
      slowEntries,
    })
    const lastEventId = lastEventIdOf(query, request)
    const plan = await planReader(
      { query, filter, format: formatFor(request), lastEventId },
      { feed, record, recordAt: (length) => registry.find(nodeId, length) },
    ).catch((error) => {
      filter?.close()
      throw error
    })
    if (!plan) {
      filter?.close()
      return false
    }
    resumed.remember(request.raw, query)
    if (find?.hints[0]) reply.raw.setHeader('Query-Hint', find.hints[0])
    const { raw } = reply
    // Nothing can be refused any more: from here on the socket belongs to the stream.
    reply.hijack()
    raw.writeHead(200, streamHeaders(plan.format))
    fanout.add({ ...plan, response: raw })
    return true
  }
}

function accept(request: FastifyRequest): void {
  formatFor(request)
}

/** The format that the request admits. Throws 406 where that is none of ours. */
function formatFor(request: FastifyRequest): Format {
  const type = request.accepts().type(Object.keys(BY_TYPE))
  const format = typeof type === 'string' ? BY_TYPE[type] : undefined
  if (format) return format
  throw new HttpError(406, `only ${Object.keys(BY_TYPE).join(', ')} can be sent`)
}
