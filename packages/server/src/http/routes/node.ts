import type { FastifyInstance } from 'fastify'
import { nodeNotFound } from '../../errors.js'
import type { Looks } from '../../nodes/looks/looks.js'
import type { Registry } from '../../nodes/registry.js'
import { serve } from '../operation.js'

export interface NodeOptions {
  registry: Pick<Registry, 'find'>
  looks: Pick<Looks, 'seen'>
}

/** `GET /admin/nodes/{id}`: the record of a node that somebody opens. */
export function mountNode(app: FastifyInstance, { registry, looks }: NodeOptions): void {
  serve(app, {
    async getNode({ id }) {
      const record = await registry.find(id)
      if (!record) throw nodeNotFound()
      looks.seen(id)
      return record
    },
  })
}
