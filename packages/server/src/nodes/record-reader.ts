import { isTerminal, type NodeRecord } from '@launchtail/client/protocol'
import type { Database } from '../database/open.js'
import { inOneQuery } from './in-one-query.js'
import { etaSeconds } from './past.js'
import type { PhaseHistory } from './phase-history.js'
import { phasesOf } from './reads.js'
import { type Row, toRecord } from './rows.js'

export interface RecordReaderOptions {
  database: Database
  phaseHistory: Pick<PhaseHistory, 'of'>
  now: () => Date
}

/** Makes records of rows, with their phases and the time that a launch is still expected to take. */
export function createRecordReader({ database, phaseHistory, now }: RecordReaderOptions) {
  const phasesOfOne = inOneQuery((nodeIds) => phasesOf(database, nodeIds))
  return { recordOf, recordsOf }

  async function recordOf(row: Row): Promise<NodeRecord> {
    return withEta(toRecord(row, await phasesOfOne(row.node_id)))
  }

  async function recordsOf(rows: readonly Row[]): Promise<NodeRecord[]> {
    const nodeIds = rows.map((row) => row.node_id)
    const phases = await phasesOf(database, nodeIds)
    return Promise.all(rows.map(async (row) => withEta(toRecord(row, phases.get(row.node_id)))))
  }

  async function withEta(record: NodeRecord): Promise<NodeRecord> {
    const current = record.phases.at(-1)
    if (isTerminal(record.phase) || !current) return record
    const elapsed = now().getTime() - Date.parse(current.started_at)
    const eta = etaSeconds(record.phase, elapsed, await phaseHistory.of(record))
    return eta === undefined ? record : { ...record, eta_seconds: eta }
  }
}
