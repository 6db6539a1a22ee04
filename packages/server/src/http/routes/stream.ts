import { operations, type StreamQuery } from '@launchtail/client/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { HttpError, nodeNotFound, StorageUnavailable } from '../../errors.js'
import type { Registry } from '../../nodes/registry.js'
import type { Feeds } from '../../stream/feeds.js'
import { FORMATS, type Format } from '../../stream/formats.js'
import { planReader } from '../../stream/plan.js'
import { singleHeader } from '../headers.js'
import { mount } from '../operation.js'
import { streamHeaders } from '../stream-headers.js'
import type { ResumedStream } from './resumed-stream.js'

export interface StreamOptions {
  feeds: Feeds
  registry: Registry
  resumed: Pick<ResumedStream, 'remember'>
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
  { feeds, registry, resumed }: StreamOptions,
): void {
  const operation = operations.streamNodeLogs
  mount(app, operation, ({ id, query, request, reply }) => open(id, query, request, reply), accept)
  mount(
    app,
    { ...operation, method: 'HEAD' } as const,
    async ({ id, request, reply }) => {
      if (!(await registry.find(id))) throw nodeNotFound()
      return reply.headers(streamHeaders(formatFor(request))).send()
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
    return feeds.use(nodeId, async ({ feed, fanout }) => {
      if (!feed.reachable()) throw new StorageUnavailable('watched list out of reach')
      const plan = await planReader(
        { query, format: formatFor(request), lastEventId: lastEventIdOf(query, request) },
        { feed, record, recordAt: (length) => registry.find(nodeId, length) },
      )
      if (!plan) return reply.code(204).send()
      resumed.remember(request.raw, query)
      const { raw } = reply
      // Nothing can be refused any more: from here on the socket belongs to the stream.
      reply.hijack()
      raw.writeHead(200, streamHeaders(plan.format))
      fanout.add({ ...plan, response: raw })
      return reply
    })
  }
}

function lastEventIdOf(query: StreamQuery, { raw }: FastifyRequest): string {
  const given = singleHeader(raw, 'Last-Event-ID')
  return given ?? query.last_event_id ?? query.lastEventId ?? ''
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
