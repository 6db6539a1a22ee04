import { operations } from '@launchtail/client/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { HttpError, nodeNotFound } from '../../errors.js'
import { filterFor } from '../../find/filter-for.js'
import type { SlowEntries } from '../../find/slow-entries.js'
import type { Looks } from '../../nodes/looks/looks.js'
import type { Registry } from '../../nodes/registry.js'
import type { Watched } from '../../stream/feeds.js'
import { FORMATS, type Format } from '../../stream/formats.js'
import { planReader } from '../../stream/plan.js'
import {
  createWatchedLogs,
  type LogPart,
  type WatchedLogsOptions,
} from '../../stream/watched-logs.js'
import type { Limits } from '../limits/limits.js'
import { type Call, mount } from '../operation.js'
import { lastEventIdOf, streamHeaders } from '../stream-headers.js'
import { takeOver } from '../take-over.js'
import type { ResumedStream } from './resumed-stream.js'

export interface StreamOptions extends WatchedLogsOptions {
  registry: Registry
  looks: Pick<Looks, 'seen'>
  resumed: Pick<ResumedStream, 'remember'>
  slowEntries: SlowEntries
  limits: Pick<Limits, 'streams'>
}

/** A request without an `Accept` gets the first of these. */
const BY_TYPE: Record<string, Format> = {
  'text/event-stream': FORMATS.sse,
  'application/x-ndjson': FORMATS.ndjson,
  'text/plain': FORMATS.text,
}

/** `GET /admin/nodes/{id}/logs/stream`, and its HEAD. */
export function mountStream(app: FastifyInstance, options: StreamOptions): void {
  const { registry, looks, resumed, slowEntries, limits } = options
  const operation = operations.streamNodeLogs
  const logs = createWatchedLogs(options)
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
    const isOpen = await logs.use(call.id, call.query.launch, (watched, part) =>
      openWith(watched, part, call),
    )
    looks.seen(call.id)
    return isOpen ? undefined : call.reply.code(204).send()
  }

  /** False if there is nothing to be sent. */
  async function openWith(
    { feed, fanout }: Watched,
    { isExpired, ...part }: LogPart,
    { id: nodeId, query, find, request, reply }: Call<typeof operation>,
  ): Promise<boolean> {
    limits.streams.take({ principal: request.principal, request: request.raw }, reply.raw)
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
      { ...part, feed, recordAt: (length) => registry.find(nodeId, length) },
    ).catch((error) => {
      filter?.close()
      throw error
    })
    if (isExpired) reply.raw.setHeader('Log-Expired', 'true')
    if (!plan) {
      filter?.close()
      return false
    }
    resumed.remember(request.raw, query)
    if (find?.hints[0]) reply.raw.setHeader('Query-Hint', find.hints[0])
    const raw = takeOver(reply)
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
