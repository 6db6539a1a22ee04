import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Database } from '../../database/open.js'
import type { ReadText } from '../../logs/entry-text.js'
import type { LogStore } from '../../logs/store.js'
import { UNFOLDED } from '../fold.js'
import type { LaunchReader } from '../launch-events/launch-reader.js'
import { phasesOf, rowsOf } from '../reads.js'
import { fromRow } from '../rows.js'
import { foldNews } from './fold-news.js'
import type { News } from './news.js'
import { aboutOf, type Change, type SaveOptions, saveRecord } from './save.js'

export interface IntakeOptions extends Pick<SaveOptions, 'phaseHistory'> {
  database: Database
  store: Pick<LogStore, 'read' | 'readBefore' | 'length'>
  readText: ReadText
  readers: readonly LaunchReader[]
  onStored: (nodeId: string) => void
  now: () => Date
  onFault: (message: string, error: unknown) => void
}

/** Without a time it is now: that of the change, and of a record's creation. */
export type TakeIn = (news: ReadonlyMap<string, readonly News[]>, time?: string) => Promise<void>

/** Milliseconds of folding after which other work gets its turn. */
const SLICE = 5

/** Folds news into the records of their nodes, which are locked, and stores these together. */
export function createIntake(options: IntakeOptions): TakeIn {
  const { database, store, readText, onStored, now, onFault } = options
  return async (news, time = now().toISOString()) => {
    const changes = await foldAll(news, time)
    if (changes.length === 0) return
    const stored = await database.transaction().execute(async (transaction) => {
      const all = []
      for (const change of changes) {
        all.push({ change, news: await saveRecord(change, { ...options, transaction, time }) })
      }
      return all
    })
    for (const { change, news } of stored) {
      for (const reader of change.readers) reader.stored(news)
      onStored(change.nodeId)
    }
  }

  async function foldAll(
    news: ReadonlyMap<string, readonly News[]>,
    time: string,
  ): Promise<Change[]> {
    const nodeIds = [...news.keys()]
    const rows = await rowsOf(database, nodeIds)
    const phases = await phasesOf(database, nodeIds)
    const changes: Change[] = []
    let since = performance.now()
    for (const [nodeId, ofNode] of news) {
      // Each node may have thousands of new entries.
      if (performance.now() - since > SLICE) {
        await nextTurn()
        since = performance.now()
      }
      const row = rows.get(nodeId)
      const before = row ? fromRow(row, phases.get(nodeId)) : UNFOLDED
      try {
        const known = { record: before, folded: row?.folded ?? 0 }
        const createdAt = row?.created_at ?? time
        const node = { nodeId, about: aboutOf(row) }
        const readers = options.readers.map((read) => read(node))
        const listed = { nodeId, store, readText, createdAt, readers }
        const after = await foldNews(known, ofNode, listed)
        for (const reader of readers) await reader.prepare()
        changes.push({ nodeId, row, before, ...after, readers })
      } catch (error) {
        // A list that cannot be read must not hold up the records of the others.
        onFault(`record of ${nodeId}`, error)
      }
    }
    return changes
  }
}
