import { operations, type ParsedQuery } from '@launchtail/client/protocol'
import type { Query } from '@launchtail/client/query'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { groupNotFound, HttpError } from '../../errors.js'
import type { GroupRows } from '../../nodes/groups/group-rows.js'
import { FORMATS } from '../../stream/formats.js'
import type { Merged, MergedRequest } from '../../stream/merged/merged.js'
import type { Limits } from '../limits/limits.js'
import { mount } from '../operation.js'
import { acceptEventStream, lastEventIdOf, streamHeaders } from '../stream-headers.js'
import { takeOver } from '../take-over.js'

export interface MergedStreamOptions {
  merged: Merged
  groupRows: Pick<GroupRows, 'find'>
  limits: Pick<Limits, 'streams'>
}

/** `GET /admin/logs/stream`, its HEAD, and `GET /admin/groups/{id}/stream`. */
export function mountMergedStream(
  app: FastifyInstance,
  { merged, groupRows, limits }: MergedStreamOptions,
): void {
  const operation = operations.streamLogs
  const headers = streamHeaders(FORMATS.sse)
  mount(
    app,
    operation,
    async ({ query, find, request, reply }) =>
      send(requestOf(query, find, lastEventIdOf(query, request)), reply),
    acceptEventStream,
  )
  mount(
    app,
    operations.streamGroup,
    async ({ id: group, query, find, request, reply }) => {
      if (!(await groupRows.find(group))) throw groupNotFound()
      return send({ ...requestOf(query, find, lastEventIdOf(query, request)), group }, reply)
    },
    acceptEventStream,
  )
  mount(
    app,
    { ...operation, method: 'HEAD' } as const,
    async ({ query, find, reply }) => {
      requestOf(query, find, '')
      return reply.headers(headers).send()
    },
    acceptEventStream,
  )

  async function send(
    asked: MergedRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply | undefined> {
    const { raw, request } = reply
    limits.streams.take({ principal: request.principal, request: request.raw }, raw)
    const hint = asked.find?.hints[0]
    const isOpen = await merged.open(asked, (isExpired) => {
      if (isExpired) raw.setHeader('Log-Expired', 'true')
      if (hint) raw.setHeader('Query-Hint', hint)
      return takeOver(reply).writeHead(200, headers)
    })
    return isOpen ? undefined : reply.code(204).send()
  }
}

const DEFAULT_TAIL = 100

type Asked = ParsedQuery<typeof operations.streamGroup> &
  Partial<Pick<ParsedQuery<typeof operations.streamLogs>, 'node' | 'phase'>>

function requestOf(query: Asked, find: Query | undefined, lastEventId: string): MergedRequest {
  const { node: nodes, phase, level: levels, since, until, tail_per_node: perNode } = query
  if (nodes && phase) throw new HttpError(400, "'phase' and 'node' exclude each other")
  const tail = query.tail ?? (perNode === undefined ? DEFAULT_TAIL : Number.POSITIVE_INFINITY)
  const history = { tail, tailPerNode: perNode ?? Number.POSITIVE_INFINITY, since }
  return { nodes, phase, levels, find, until, history, lastEventId }
}
