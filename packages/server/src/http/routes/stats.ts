import { operations } from '@launchtail/client/protocol'
import type { FastifyInstance } from 'fastify'
import type { Registry } from '../../nodes/registry.js'
import { statsOf } from '../../nodes/stats.js'
import { mount } from '../operation.js'

/** `GET /admin/stats`: what launches that are over have come to. */
export function mountStats(
  app: FastifyInstance,
  { registry }: { registry: Pick<Registry, 'past'> },
): void {
  mount(app, operations.getStats, async ({ query: { since, by = [], last } }) =>
    statsOf(await registry.past(since), { by, last, now: Date.now() }),
  )
}
