import type { Transaction } from 'kysely'
import type { Schema } from '../../database/schema.js'
import type { Folded } from '../fold.js'
import type { LaunchNews, NewsReader } from '../launch-events/launch-reader.js'
import { utc } from '../launch-history.js'
import { endNumbers, numberLaunches } from '../launch-numbers.js'
import type { PhaseHistory } from '../phase-history.js'
import { type About, columns, type Row, recordOf, wordsOf } from '../rows.js'

export interface Change {
  readonly nodeId: string
  /** The stored row; undefined for a node of which there was only a list. */
  readonly row: Row | undefined
  readonly before: Folded
  readonly record: Folded
  readonly folded: number
  readonly readers: readonly NewsReader[]
}

export interface SaveOptions {
  transaction: Transaction<Schema>
  time: string
  phaseHistory: Pick<PhaseHistory, 'add'>
}

/** Stores a record and its phases, and calls the readers with the news. Returns the news. */
export async function saveRecord(
  change: Change,
  { transaction, time, phaseHistory }: SaveOptions,
): Promise<LaunchNews> {
  const { nodeId, row, before, record, readers } = change
  const { events } = record
  await saveRow(change, transaction, time)
  // A node begins with a launch.
  await numberLaunches(transaction, nodeId, [...(row ? [] : [0]), ...record.begun])
  if (record.phases !== before.phases) await savePhases(change, transaction)
  const about = aboutOf(row)
  await phaseHistory.add(transaction, nodeId, about, record.finished)
  const begun = events.flatMap((event) =>
    event.kind === 'ended' && !event.again ? [utc(event.started_at)] : [],
  )
  if (begun.length > 0) {
    await endNumbers(transaction, nodeId, begun, record.ended_at === undefined)
  }
  const stored = { ...columnsOfNew(nodeId, time), ...row, updated_at: time }
  const news = { nodeId, about, events, record: () => recordOf(stored, record) }
  for (const reader of readers) await reader.store(transaction, news)
  return news
}

/** The node's description. */
export function aboutOf(row: Row | undefined): LaunchNews['about'] {
  return {
    ...(JSON.parse(row?.about ?? '{}') as About),
    cluster_name: row?.cluster_name ?? undefined,
    own_launch: row?.own_launch ?? undefined,
  }
}

async function saveRow(
  { nodeId, row, record, folded }: Change,
  transaction: Transaction<Schema>,
  time: string,
): Promise<void> {
  const changed = { ...columns(record), folded, updated_at: time }
  if (row) {
    await transaction.updateTable('nodes').set(changed).where('node_id', '=', nodeId).execute()
    return
  }
  await transaction
    .insertInto('nodes')
    .values({ ...columnsOfNew(nodeId, time), ...changed })
    .execute()
}

/** The columns of a node without a description. */
function columnsOfNew(nodeId: string, time: string) {
  return {
    node_id: nodeId,
    cluster_name: null,
    about: '{}',
    provider: null,
    words: wordsOf(nodeId, undefined, {}),
    created_at: time,
  }
}

async function savePhases(
  { nodeId, record }: Change,
  transaction: Transaction<Schema>,
): Promise<void> {
  await transaction.deleteFrom('phases').where('node_id', '=', nodeId).execute()
  const phases = record.phases.map(({ phase, started_at, ended_at }, position) => ({
    node_id: nodeId,
    position,
    phase,
    started_at,
    ended_at: ended_at ?? null,
  }))
  if (phases.length > 0) await transaction.insertInto('phases').values(phases).execute()
}
