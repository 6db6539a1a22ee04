import type { Transaction } from 'kysely'
import type { Schema } from '../../database/schema.js'
import type { EndReader } from '../ends/end-reader.js'
import type { Folded } from '../fold.js'
import { type LaunchHistory, utc } from '../launch-history.js'
import { endNumbers, numberLaunches } from '../launch-numbers.js'
import type { PhaseHistory } from '../phase-history.js'
import { type About, columns, type Row, wordsOf } from '../rows.js'

export interface Change {
  readonly nodeId: string
  /** The stored row; undefined for a node of which there was only a list. */
  readonly row: Row | undefined
  readonly before: Folded
  readonly record: Folded
  readonly folded: number
}

export interface SaveOptions {
  transaction: Transaction<Schema>
  time: string
  phaseHistory: Pick<PhaseHistory, 'add'>
  launchHistory: Pick<LaunchHistory, 'lose'>
  /** Called with the launches that have ended. */
  endReaders: readonly EndReader[]
}

/** Stores a record, its phases, and what its launch adds to the histories. */
export async function saveRecord(
  change: Change,
  { transaction, time, phaseHistory, launchHistory, endReaders }: SaveOptions,
): Promise<void> {
  const { nodeId, row, before, record } = change
  await saveRow(change, transaction, time)
  // A node begins with a launch.
  await numberLaunches(transaction, nodeId, [...(row ? [] : [0]), ...record.begun])
  if (record.phases !== before.phases) await savePhases(change, transaction)
  const cluster_name = row?.cluster_name ?? undefined
  const about = { ...(JSON.parse(row?.about ?? '{}') as About), cluster_name }
  await phaseHistory.add(transaction, nodeId, about, record.finished)
  if (record.ended.length > 0) {
    const startedAt = record.ended.map(({ started_at }) => utc(started_at))
    await endNumbers(transaction, nodeId, startedAt, record.ended_at === undefined)
    for (const read of endReaders) await read(transaction, nodeId, about, record.ended)
  }
  await launchHistory.lose(transaction, nodeId, record.losses)
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
  const created = {
    node_id: nodeId,
    cluster_name: null,
    about: '{}',
    provider: null,
    words: wordsOf(nodeId, undefined, {}),
    created_at: time,
  }
  await transaction
    .insertInto('nodes')
    .values({ ...created, ...changed })
    .execute()
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
