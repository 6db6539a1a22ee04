import { operations } from '@launchtail/client/protocol'
import type { FastifyInstance } from 'fastify'
import type { Fleet } from '../../stream/fleet/fleet.js'
import { FORMATS } from '../../stream/formats.js'
import { mount } from '../operation.js'
import { acceptEventStream, streamHeaders } from '../stream-headers.js'

/** `GET /admin/nodes/stream`, and its HEAD. */
export function mountFleetStream(app: FastifyInstance, { fleet }: { fleet: Fleet }): void {
  const operation = operations.streamNodes
  const headers = streamHeaders(FORMATS.sse)
  mount(
    app,
    operation,
    async ({ reply }) => {
      await fleet.open(() => {
        // Nothing can be refused any more: from here on the socket belongs to the stream.
        reply.hijack()
        return reply.raw.writeHead(200, headers)
      })
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
