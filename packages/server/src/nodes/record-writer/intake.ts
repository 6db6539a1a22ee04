import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Transaction } from 'kysely'
import type { Database } from '../../database/open.js'
import type { Schema } from '../../database/schema.js'
import type { ReadText } from '../../logs/entry-text.js'
import type { LogStore } from '../../logs/store.js'
import { UNFOLDED } from '../fold.js'
import type { LaunchReader } from '../launch-events/launch-reader.js'
import { phasesOf, rowsOf } from '../reads.js'
import { fromRow, type Row } from '../rows.js'
import { foldNews } from './fold-news.js'
import type { News } from './news.js'
import { aboutOf, type Change, type SaveOptions, saveRecord } from './save.js'

export interface IntakeOptions extends Pick<SaveOptions, 'phaseHistory'> {
  database: Database
  store: Pick<LogStore, 'read' | 'readBefore' | 'length'>
  readText: ReadText
  /** True if other servers write the records, too. */
  isShared: boolean
  readers: readonly LaunchReader[]
  onStored: (nodeId: string) => void
  now: () => Date
  onFault: (message: string, error: unknown) => void
}

/**
 * Without a time it is now: that of the change, and of a record's creation. Returns the nodes whose records
 * another server has changed meanwhile. Nothing was stored of these, and their lists have it all.
 */
export type TakeIn = (
  news: ReadonlyMap<string, readonly News[]>,
  time?: string,
) => Promise<readonly string[]>

/** Milliseconds of folding after which other work gets its turn. */
const SLICE = 5

/** Folds news into the records of their nodes, which are locked, and stores these together. */
export function createIntake(options: IntakeOptions): TakeIn {
  const { database, store, readText, isShared, onStored, now, onFault } = options
  return takeIn

  async function takeIn(
    news: ReadonlyMap<string, readonly News[]>,
    time = now().toISOString(),
  ): Promise<readonly string[]> {
    const changes = await foldAll(news, time)
    if (changes.length === 0) return []
    const overtaken: string[] = []
    const stored = await database.transaction().execute(async (transaction) => {
      const all = []
      const rows = await versionsOf(changes, transaction)
      for (const change of changes) {
        const { nodeId, row } = change
        if (isSame(row, rows.get(nodeId))) {
          all.push({ change, news: await saveRecord(change, { ...options, transaction, time }) })
        } else {
          overtaken.push(nodeId)
        }
      }
      return all
    })
    for (const { change, news } of stored) {
      for (const reader of change.readers) reader.stored(news)
      onStored(change.nodeId)
    }
    return overtaken
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
      // Without a record and a list there is no node: another server has deleted it.
      if (!row && isShared && (await store.length(nodeId)) === 0) continue
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

/** The columns by which a record of which something was folded shows that it was stored meanwhile. */
type Version = Pick<Row, 'folded' | 'correction' | 'created_at'>

/** Where servers share the records, another one may have been quicker. */
async function versionsOf(
  changes: readonly Change[],
  transaction: Transaction<Schema>,
): Promise<Map<string, Version>> {
  const nodeIds = changes.map(({ nodeId }) => nodeId)
  const rows = await transaction
    .selectFrom('nodes')
    .select(['node_id', 'folded', 'correction', 'created_at'])
    .where('node_id', 'in', nodeIds)
    .execute()
  return new Map(rows.map((row) => [row.node_id, row]))
}

function isSame(before: Version | undefined, now: Version | undefined): boolean {
  return (
    before?.folded === now?.folded &&
    before?.correction === now?.correction &&
    before?.created_at === now?.created_at
  )
}
