import type { Stats } from '@launchtail/client/protocol'
import type { FastifyInstance } from 'fastify'
import type { Launches, Today } from '../../nodes/launches.js'
import type { Registry } from '../../nodes/registry.js'
import { rounded } from '../../nodes/spending/instance.js'
import { serve } from '../operation.js'

/** `GET /admin/stats`: the statistics of launches that have ended. */
export function mountStats(
  app: FastifyInstance,
  { registry, launches }: { registry: Pick<Registry, 'stats'>; launches: Pick<Launches, 'today'> },
): void {
  serve(app, {
    async getStats({ query, find }) {
      const stats = await registry.stats(query, find)
      return { ...stats, today: todayOf(await launches.today()) }
    },
  })
}

function todayOf({ date, spent, perHour, committed, budget }: Today): Stats['today'] {
  return {
    date,
    spent: rounded(spent),
    per_hour: rounded(perHour),
    by_midnight: rounded(spent + committed),
    ...(budget !== undefined && { budget }),
  }
}
