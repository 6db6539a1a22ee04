import { operations } from '@launchtail/client/protocol'
import type { FastifyInstance } from 'fastify'
import type { Fleet } from '../../stream/fleet/fleet.js'
import { FORMATS } from '../../stream/formats.js'
import type { Limits } from '../limits/limits.js'
import { mount } from '../operation.js'
import { shownTo } from '../own-launches.js'
import { acceptEventStream, streamHeaders } from '../stream-headers.js'
import { takeOver } from '../take-over.js'

/** `GET /admin/nodes/stream`, and its HEAD. */
export function mountFleetStream(
  app: FastifyInstance,
  { fleet, limits }: { fleet: Fleet; limits: Pick<Limits, 'streams'> },
): void {
  const operation = operations.streamNodes
  const headers = streamHeaders(FORMATS.sse)
  mount(
    app,
    operation,
    async ({ request, reply }) => {
      limits.streams.take({ principal: request.principal, request: request.raw }, reply.raw)
      const accept = () => takeOver(reply).writeHead(200, headers)
      await fleet.open(accept, shownTo(request.principal))
      return undefined
    },
    acceptEventStream,
  )
  mount(
    app,
    { ...operation, method: 'HEAD' } as const,
    async ({ reply }) => reply.headers(headers).send(),
    acceptEventStream,
  )
}
