import { operations, type ParsedQuery } from '@launchtail/client/protocol'
import type { Query } from '@launchtail/client/query'
import type { FastifyInstance } from 'fastify'
import { HttpError } from '../../errors.js'
import { FORMATS } from '../../stream/formats.js'
import type { Merged, MergedRequest } from '../../stream/merged/merged.js'
import { mount } from '../operation.js'
import { acceptEventStream, lastEventIdOf, streamHeaders } from '../stream-headers.js'
import { takeOver } from '../take-over.js'

/** `GET /admin/logs/stream`, and its HEAD. */
export function mountMergedStream(app: FastifyInstance, { merged }: { merged: Merged }): void {
  const operation = operations.streamLogs
  const headers = streamHeaders(FORMATS.sse)
  mount(
    app,
    operation,
    async ({ query, find, request, reply }) => {
      const asked = requestOf(query, find, lastEventIdOf(query, request))
      const { raw } = reply
      const isOpen = await merged.open(asked, (isExpired) => {
        if (isExpired) raw.setHeader('Log-Expired', 'true')
        if (find?.hints[0]) raw.setHeader('Query-Hint', find.hints[0])
        return takeOver(reply).writeHead(200, headers)
      })
      return isOpen ? undefined : reply.code(204).send()
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
}

const DEFAULT_TAIL = 100

function requestOf(
  query: ParsedQuery<typeof operations.streamLogs>,
  find: Query | undefined,
  lastEventId: string,
): MergedRequest {
  const { node: nodes, phase, level: levels, since, until, tail_per_node: perNode } = query
  if (nodes && phase) throw new HttpError(400, "'phase' and 'node' exclude each other")
  const tail = query.tail ?? (perNode === undefined ? DEFAULT_TAIL : Number.POSITIVE_INFINITY)
  const history = { tail, tailPerNode: perNode ?? Number.POSITIVE_INFINITY, since }
  return { nodes, phase, levels, find, until, history, lastEventId }
}
