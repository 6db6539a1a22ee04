import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Database } from '../../database/open.js'
import type { ReadText } from '../../logs/entry-text.js'
import type { LogStore } from '../../logs/store.js'
import { UNFOLDED } from '../fold.js'
import type { LaunchReader } from '../launch-events/launch-reader.js'
import { phasesOf, rowsOf } from '../reads.js'
import { fromRow } from '../rows.js'
import { foldNews } from './fold-news.js'
import type { Waiting } from './pending.js'
import { aboutOf, type Change } from './save.js'

export interface FolderOptions {
  database: Database
  store: Pick<LogStore, 'read' | 'readBefore' | 'length'>
  readText: ReadText
  /** True if other servers write the records, too. */
  isShared: boolean
  readers: readonly LaunchReader[]
  onFault: (message: string, error: unknown) => void
}

/**
 * Folds what waits of nodes, which are locked, into their records. Leaves out a node that another server has
 * deleted, and one whose list cannot be read. `time` is that of the creation of a record that is missing.
 */
export type FoldAll = (
  waiting: ReadonlyMap<string, Waiting>,
  time: string,
) => Promise<Map<string, Change>>

/** Milliseconds of folding after which other work gets its turn. */
const SLICE = 5

export function createFolder(options: FolderOptions): FoldAll {
  const { database, store, readText, isShared, onFault } = options
  return foldAll

  async function foldAll(
    waiting: ReadonlyMap<string, Waiting>,
    time: string,
  ): Promise<Map<string, Change>> {
    const stored = await storedRecords(
      [...waiting].flatMap(([nodeId, { begun }]) => (begun ? [] : [nodeId])),
    )
    const changes = new Map<string, Change>()
    let since = performance.now()
    for (const [nodeId, { begun = stored.get(nodeId), news }] of waiting) {
      // Each node may have thousands of new entries.
      if (performance.now() - since > SLICE) {
        await nextTurn()
        since = performance.now()
      }
      if (!begun) continue
      try {
        const { row, readers } = begun
        const createdAt = row?.created_at ?? time
        const after = await foldNews(begun, news, { nodeId, store, readText, createdAt, readers })
        changes.set(nodeId, { ...begun, ...after })
      } catch (error) {
        // A list that cannot be read must not hold up the records of the others.
        onFault(`record of ${nodeId}`, error)
      }
    }
    return changes
  }

  async function storedRecords(nodeIds: readonly string[]): Promise<Map<string, Change>> {
    const found = new Map<string, Change>()
    if (nodeIds.length === 0) return found
    const rows = await rowsOf(database, nodeIds)
    const phases = await phasesOf(database, nodeIds)
    for (const nodeId of nodeIds) {
      const row = rows.get(nodeId)
      // Without a record and a list there is no node.
      if (!row && isShared && (await store.length(nodeId)) === 0) continue
      try {
        const record = row ? fromRow(row, phases.get(nodeId)) : UNFOLDED
        const node = { nodeId, about: aboutOf(row) }
        const readers = options.readers.map((read) => read(node))
        found.set(nodeId, {
          nodeId,
          row,
          before: record,
          record,
          folded: row?.folded ?? 0,
          readers,
        })
      } catch (error) {
        onFault(`record of ${nodeId}`, error)
      }
    }
    return found
  }
}
