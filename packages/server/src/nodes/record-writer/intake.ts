import type { Transaction } from 'kysely'
import type { Database } from '../../database/open.js'
import type { Schema } from '../../database/schema.js'
import type { Row } from '../rows.js'
import type { FoldAll } from './folder.js'
import type { Waiting } from './pending.js'
import { type Change, type SaveOptions, saveRecord } from './save.js'

export interface IntakeOptions extends Pick<SaveOptions, 'phaseHistory'> {
  database: Database
  foldAll: FoldAll
  onStored: (nodeId: string) => void
  now: () => Date
  onFault: (message: string, error: unknown) => void
}

/**
 * Without a time it is now: that of the change, and of a record's creation. Returns the nodes whose records
 * have changed meanwhile. Nothing was stored of these, and their lists have it all.
 */
export type TakeIn = (
  waiting: ReadonlyMap<string, Waiting>,
  time?: string,
) => Promise<readonly string[]>

/** Folds news into the records of their nodes, which are locked, and stores these together. */
export function createIntake(options: IntakeOptions): TakeIn {
  const { database, foldAll, onStored, now, onFault } = options
  return takeIn

  async function takeIn(
    waiting: ReadonlyMap<string, Waiting>,
    time = now().toISOString(),
  ): Promise<readonly string[]> {
    const changes = await prepared([...(await foldAll(waiting, time)).values()])
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

  async function prepared(changes: readonly Change[]): Promise<Change[]> {
    const ready: Change[] = []
    for (const change of changes) {
      try {
        for (const reader of change.readers) await reader.prepare()
        ready.push(change)
      } catch (error) {
        onFault(`record of ${change.nodeId}`, error)
      }
    }
    return ready
  }
}

/**
 * The columns by which a record of which something was folded shows that it was stored meanwhile, and those of
 * the node's description. Another server may have been quicker; and a record that was begun early is not locked
 * until it is stored.
 */
const VERSION = [
  'folded',
  'correction',
  'created_at',
  'about',
  'cluster_name',
  'own_launch',
] as const satisfies readonly (keyof Row)[]

type Version = Pick<Row, (typeof VERSION)[number]>

async function versionsOf(
  changes: readonly Change[],
  transaction: Transaction<Schema>,
): Promise<Map<string, Version>> {
  const nodeIds = changes.map(({ nodeId }) => nodeId)
  const rows = await transaction
    .selectFrom('nodes')
    .select(['node_id', ...VERSION])
    .where('node_id', 'in', nodeIds)
    .execute()
  return new Map(rows.map((row) => [row.node_id, row]))
}

function isSame(before: Version | undefined, now: Version | undefined): boolean {
  return VERSION.every((column) => before?.[column] === now?.[column])
}
