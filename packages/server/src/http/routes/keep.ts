import { parseDuration } from '@launchtail/client/protocol'
import type { FastifyInstance } from 'fastify'
import { nodeNotFound } from '../../errors.js'
import type { Launches } from '../../nodes/launches.js'
import type { Registry } from '../../nodes/registry.js'
import { serve } from '../operation.js'

export interface KeepOptions {
  registry: Pick<Registry, 'find' | 'refuseForeign'>
  launches: Pick<Launches, 'keep'>
}

/** Keeps what a failed launch has left for people to look into. */
export function mountKeep(app: FastifyInstance, { registry, launches }: KeepOptions): void {
  serve(app, {
    async keepNode({ id, body }) {
      await registry.refuseForeign(id)
      await recordOf(id)
      await launches.keep(id, parseDuration(body.for) ?? 0)
      return recordOf(id)
    },
  })

  async function recordOf(nodeId: string) {
    const record = await registry.find(nodeId)
    if (!record) throw nodeNotFound()
    return record
  }
}
