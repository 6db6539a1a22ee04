import { operations } from '@launchtail/client/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { HttpError, nodeNotFound, StorageUnavailable } from '../../errors.js'
import { filterFor } from '../../find/filter-for.js'
import type { SlowEntries } from '../../find/slow-entries.js'
import type { Registry } from '../../nodes/registry.js'
import type { Feeds } from '../../stream/feeds.js'
import { FORMATS, type Format } from '../../stream/formats.js'
import { planReader } from '../../stream/plan.js'
import { type Call, mount } from '../operation.js'
import { lastEventIdOf, streamHeaders } from '../stream-headers.js'
import type { ResumedStream } from './resumed-stream.js'

export interface StreamOptions {
  feeds: Feeds
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
  { feeds, registry, resumed, slowEntries }: StreamOptions,
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

  async function open(call: Call<typeof operation>): Promise<FastifyReply> {
    const { id: nodeId, query, find, request, reply } = call
    const record = await registry.find(nodeId)
    if (!record) throw nodeNotFound()
    return feeds.use(nodeId, async ({ feed, fanout }) => {
      if (!feed.reachable()) throw new StorageUnavailable('watched list out of reach')
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
        return reply.code(204).send()
      }
      resumed.remember(request.raw, query)
      if (find?.hints[0]) reply.raw.setHeader('Query-Hint', find.hints[0])
      const { raw } = reply
      // Nothing can be refused any more: from here on the socket belongs to the stream.
      reply.hijack()
      raw.writeHead(200, streamHeaders(plan.format))
      fanout.add({ ...plan, response: raw })
      return reply
    })
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
