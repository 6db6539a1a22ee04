import type { Registry } from '../../nodes/registry.js'
import type { Feeder } from './feeder.js'
import type { ArchiveThread } from './thread.js'

export interface CatchUpOptions {
  thread: Pick<ArchiveThread, 'call'>
  feeder: Pick<Feeder, 'mark'>
  registry: Pick<Registry, 'folded'>
  /** Milliseconds for which a live log is kept: older ones need not be looked at. */
  retention: number
}

/** Once after the start: a crash may have come between an append and the archive. */
export function createCatchUp({ thread, feeder, registry, retention }: CatchUpOptions) {
  let caughtUp: Promise<void> | undefined
  return function catchUp(): Promise<void> {
    caughtUp ??= markMissing().catch((error) => {
      caughtUp = undefined
      throw error
    })
    return caughtUp
  }

  async function markMissing(): Promise<void> {
    const since = new Date(Date.now() - retention).toISOString()
    for await (const records of registry.folded(since)) {
      const reached = await thread.call(
        'reached',
        records.map(({ node_id }) => node_id),
      )
      records.forEach(({ node_id, folded }, i) => {
        if (folded !== reached[i]?.length) feeder.mark(node_id)
      })
    }
  }
}
