import { isTerminal, type NodeRecord } from '@launchtail/client/protocol'
import type { Database } from '../database/open.js'
import { inOneQuery } from './in-one-query.js'
import type { Latencies } from './latencies.js'
import type { Looks } from './looks/looks.js'
import { etaSeconds } from './past.js'
import type { PhaseHistory } from './phase-history.js'
import { phasesOf } from './reads.js'
import { type Row, toRecord } from './rows.js'
import type { Instance } from './spending/instance.js'
import { instancesOf } from './spending/instances.js'
import { withSpending } from './spending/with-spending.js'

export interface RecordReaderOptions {
  database: Database
  phaseHistory: Pick<PhaseHistory, 'of'>
  /** How fast the servers of active nodes answer. */
  latencies?: Pick<Latencies, 'of'> | undefined
  /** Who looks at nodes. */
  looks?: Pick<Looks, 'isUnattended'> | undefined
  now: () => Date
}

/** Makes records of rows, with their phases and the time that a launch is still expected to take. */
export function createRecordReader({
  database,
  phaseHistory,
  latencies,
  looks,
  now,
}: RecordReaderOptions) {
  const phasesOfOne = inOneQuery((nodeIds) => phasesOf(database, nodeIds))
  const instancesOfOne = inOneQuery((launchIds) => instancesOf(database, launchIds))
  return { recordOf, recordsOf }

  async function recordOf(row: Row): Promise<NodeRecord> {
    const { node_id: nodeId, own_launch: launchId } = row
    const instances = launchId === null ? [] : ((await instancesOfOne(launchId)) ?? [])
    return completed(recordAt(row, await phasesOfOne(nodeId)), instances)
  }

  async function recordsOf(rows: readonly Row[]): Promise<NodeRecord[]> {
    const nodeIds = rows.map((row) => row.node_id)
    const phases = await phasesOf(database, nodeIds)
    const instances = await instancesOf(
      database,
      rows.flatMap(({ own_launch }) => own_launch ?? []),
    )
    return Promise.all(
      rows.map(async (row) =>
        completed(
          recordAt(row, phases.get(row.node_id)),
          instances.get(row.own_launch ?? '') ?? [],
        ),
      ),
    )
  }

  function recordAt(row: Row, phases: Parameters<typeof toRecord>[1]): NodeRecord {
    const record = toRecord(row, phases)
    return looks?.isUnattended(row) ? { ...record, unattended: true } : record
  }

  async function completed(plain: NodeRecord, instances: readonly Instance[]): Promise<NodeRecord> {
    const record = withSpending(plain, instances, now().getTime())
    if (record.status === 'active') return withLatency(record)
    const current = record.phases.at(-1)
    if (isTerminal(record.phase) || !current) return record
    const elapsed = now().getTime() - Date.parse(current.started_at)
    const eta = etaSeconds(record.phase, elapsed, await phaseHistory.of(record))
    return eta === undefined ? record : { ...record, eta_seconds: eta }
  }

  /** A server that has answered ever since its node is active has no entry that says so. */
  function withLatency(record: NodeRecord): NodeRecord {
    const latency_ms = latencies?.of(record.node_id)
    if (latency_ms === undefined) return record
    const since = record.ended_at ?? record.updated_at
    return { ...record, health: { ok: true, since, ...record.health, latency_ms } }
  }
}
