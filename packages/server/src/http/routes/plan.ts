import type { FastifyInstance } from 'fastify'
import type { Launches } from '../../nodes/launches.js'
import type { Registry } from '../../nodes/registry.js'
import { serve } from '../operation.js'

export interface PlanOptions {
  launches: Pick<Launches, 'plan'>
  registry: Pick<Registry, 'launchesLike'>
}

/** `POST /admin/nodes/plan`: what a launch would do, and how others like it went. */
export function mountPlan(app: FastifyInstance, { launches, registry }: PlanOptions): void {
  serve(app, {
    async planLaunch({ body }) {
      const [planned, history] = await Promise.all([
        launches.plan(body),
        registry.launchesLike(body),
      ])
      return { ...planned, history }
    },
  })
}
