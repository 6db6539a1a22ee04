import type { FastifyInstance } from 'fastify'
import type { Registry } from '../../nodes/registry.js'
import { statsOf } from '../../nodes/stats.js'
import { serve } from '../operation.js'

/** `GET /admin/stats`: the statistics of launches that have ended. */
export function mountStats(
  app: FastifyInstance,
  { registry }: { registry: Pick<Registry, 'past'> },
): void {
  serve(app, {
    async getStats({ query: { since, by = [], last } }) {
      return statsOf(await registry.past(since), { by, last, now: Date.now() })
    },
  })
}
