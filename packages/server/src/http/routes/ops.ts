import type { FastifyInstance } from 'fastify'
import { isLoopback } from '../../loopback.js'
import type { Authenticate } from '../auth.js'
import { authorizeFor } from '../authorize.js'
import { errorBody } from '../refusals.js'

export interface OpsOptions {
  /** Returns if the server can do its work. Throws the reason if it cannot. */
  ready: () => Promise<void>
  metrics: { read(): Promise<{ contentType: string; text: string }> }
  authenticate: Authenticate
  host: string
}

/** The routes for supervisors, load balancers and monitoring. */
export function mountOps(
  app: FastifyInstance,
  { ready, metrics, authenticate, host }: OpsOptions,
): void {
  app.get('/healthz', async () => ({ status: 'ok' }))

  app.get('/readyz', async (_request, reply) => {
    try {
      await ready()
      return { status: 'ready' }
    } catch (error) {
      reply.header('Retry-After', '1')
      return reply.code(503).send(errorBody((error as Error).message))
    }
  })

  app.get('/metrics', async (request, reply) => {
    const proxied = PROXY_HEADERS.some((header) => request.headers[header] !== undefined)
    // A proxy on this machine connects from loopback, but for a client that may not.
    if (!isLoopback(host) || proxied) {
      request.principal = authenticate(request.raw)
      authorizeFor(request.principal, { scope: 'read' })
    }
    const { contentType, text } = await metrics.read()
    return reply.type(contentType).send(text)
  })
}

const PROXY_HEADERS = ['x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'forwarded', 'via']
