import { formatDuration } from '@launchtail/client/protocol'
import type { Database } from '../database/open.js'
import { HttpError } from '../errors.js'
import { keptOf, noteKept } from '../nodes/kept.js'
import type { Registry } from '../nodes/registry.js'
import type { LeftClusters } from './left-clusters.js'
import type { LimitSettings } from './limits/limits.js'

export interface KeepingOptions {
  database: Database
  leftClusters: Pick<LeftClusters, 'keepFor' | 'letGo'>
  registry: Pick<Registry, 'touched'>
  limits: LimitSettings
  now: () => Date
  /** Called when a cluster is to be taken down now. */
  onDue: () => void
}

export interface Keeping {
  /** Keeps the cluster of the node's failed launch for so long from now on. Throws 409 if none is kept. */
  keep(nodeId: string, ms: number): Promise<void>
  /** Has what is kept of the node taken down now. */
  letGo(nodeId: string): Promise<void>
}

/** Keeps the clusters of failed launches up for people to look into, for longer or no longer. */
export function createKeeping(options: KeepingOptions): Keeping {
  const { database, leftClusters, registry, limits, now, onDue } = options
  return { keep, letGo }

  async function keep(nodeId: string, ms: number): Promise<void> {
    await database.transaction().execute(async (transaction) => {
      const kept = await keptOf(transaction, nodeId)
      if (!kept) throw notKept(nodeId)
      const until = now().getTime() + ms
      refuseBeyond(until, kept.endedAt)
      if (!(await leftClusters.keepFor(kept.launchId, ms, transaction))) throw notKept(nodeId)
      await noteKept(transaction, nodeId, { launchId: kept.launchId, until: new Date(until) })
    })
    registry.touched(nodeId)
  }

  function refuseBeyond(until: number, endedAt: string | null): void {
    const { keepOnFailure: longest = Number.POSITIVE_INFINITY } = limits.most
    if (endedAt === null || until - Date.parse(endedAt) <= longest) return
    const words = `at most ${formatDuration(longest)} after its failure`
    throw new HttpError(400, `the cluster of a failed launch can be kept until ${words}`)
  }

  async function letGo(nodeId: string): Promise<void> {
    if (!(await leftClusters.letGo(nodeId))) return
    registry.touched(nodeId)
    onDue()
  }
}

function notKept(nodeId: string): HttpError {
  return new HttpError(409, `no cluster of node ${nodeId} is kept`)
}
