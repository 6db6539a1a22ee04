import { checkOf } from '../../logs/check.js'
import type { LogStore } from '../../logs/store.js'
import type { Registry } from '../../nodes/registry.js'
import type { Feeder } from './feeder.js'
import { NOTHING_YET, type Reached } from './pages.js'
import type { ArchiveThread } from './thread.js'

export interface CatchUpOptions {
  thread: Pick<ArchiveThread, 'call'>
  feeder: Pick<Feeder, 'mark' | 'marks'>
  registry: Pick<Registry, 'folded'>
  store: Pick<LogStore, 'read' | 'length'>
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

/** Lists that are looked at side by side. */
const SIDE_BY_SIDE = 256

/**
 * Before each search where several servers have one archive: another one may have been sent entries that it has not taken
 * in yet, and whose record it has not stored. So the length of every list that may be live is compared with the archive.
 * Calls that come meanwhile share the next comparison.
 */
export function createComparison(options: CatchUpOptions): () => Promise<void> {
  const { thread, feeder, registry, store, retention } = options
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  return () => {
    next ??= Promise.resolve(running?.catch(() => {})).then(() => {
      next = undefined
      running = compare()
      return running
    })
    return next
  }

  async function compare(): Promise<void> {
    const since = new Date(Date.now() - retention).toISOString()
    const marks = feeder.marks.numbers()
    for await (const records of registry.folded(since)) {
      const nodeIds = records.map(({ node_id }) => node_id)
      const reached = await thread.call('reached', nodeIds)
      for (let at = 0; at < nodeIds.length; at += SIDE_BY_SIDE) {
        const some = nodeIds.slice(at, at + SIDE_BY_SIDE)
        const lengths = await Promise.all(some.map(store.length))
        for (const [i, nodeId] of some.entries()) {
          const known = reached[at + i] ?? NOTHING_YET
          // One that has expired, and has not begun anew, has nothing that is missing.
          if (lengths[i] !== 0 && lengths[i] !== known.length) feeder.mark(nodeId)
          else if (marks.has(nodeId) && (await isUpToDate(nodeId, known))) {
            feeder.marks.clear(nodeId, marks.get(nodeId))
          }
        }
      }
    }
  }

  /** False if the list has become another one, which is as long as the one before. */
  async function isUpToDate(nodeId: string, { length, check }: Reached): Promise<boolean> {
    const texts = await store.read(nodeId, Math.max(0, length - 1), 2)
    if (length === 0 || texts.length === 0) return texts.length === 0
    return texts.length === 1 && checkOf(texts[0] as string) === check
  }
}
