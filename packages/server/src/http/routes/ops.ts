import type { FastifyInstance } from 'fastify'
import { isLoopback } from '../../config.js'
import type { Authenticate } from '../auth.js'
import { errorBody } from '../refusals.js'

export interface OpsOptions {
  /** Ends normally where the server can do its work, or throws why not. */
  ready: () => Promise<void>
  metrics: { read(): Promise<{ contentType: string; text: string }> }
  authenticate: Authenticate
  host: string
}

/** What a supervisor, a balancer and a monitor ask. */
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
    // A proxy on this machine is loopback too, but whom it asks for is not.
    if (!isLoopback(host) || proxied) authenticate(request.raw)
    const { contentType, text } = await metrics.read()
    return reply.type(contentType).send(text)
  })
}

const PROXY_HEADERS = ['x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'forwarded', 'via']
