import type { FastifyInstance } from 'fastify'
import type { Registry } from '../../nodes/registry.js'
import { serve } from '../operation.js'

/** `GET /admin/stats`: the statistics of launches that have ended. */
export function mountStats(
  app: FastifyInstance,
  { registry }: { registry: Pick<Registry, 'stats'> },
): void {
  serve(app, { getStats: ({ query, find }) => registry.stats(query, find) })
}
