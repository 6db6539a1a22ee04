import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Instant, type PastLaunch, parseInstant } from '@launchtail/client/protocol'
import type { Selectable, Transaction } from 'kysely'
import type { Database } from '../database/open.js'
import type { LaunchHistoryTable, Schema } from '../database/schema.js'
import type { EndReader } from './ends/end-reader.js'
import type { Ended } from './ends/ended.js'
import { keepNewest } from './keep-newest.js'
import type { About } from './rows.js'

export interface LaunchHistory {
  /** Keeps launches that are over. */
  add: EndReader
  /** Gives a failed launch, by when it began, another cause. */
  recode(
    transaction: Transaction<Schema>,
    nodeId: string,
    startedAt: string,
    code: string,
  ): Promise<void>
  /** The launches that ended after `since`, newest first. */
  read(since: Instant | undefined): Promise<PastLaunch[]>
}

/** How many launches are kept, whether their nodes still exist or not. */
const KEPT = 5000
/** Rows converted before other work gets its turn. */
const SLICE = 500

export function createLaunchHistory(database: Database): LaunchHistory {
  return { add, recode, read }

  async function add(
    transaction: Transaction<Schema>,
    nodeId: string,
    about: About,
    ended: readonly Ended[],
  ): Promise<void> {
    if (ended.length === 0) return
    // A record that is rebuilt from its list adds the same rows again.
    await transaction
      .insertInto('launch_history')
      .values(ended.map((one) => toRow(nodeId, about, one)))
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    await keepNewest(transaction, 'launch_history', KEPT)
  }

  async function recode(
    transaction: Transaction<Schema>,
    nodeId: string,
    startedAt: string,
    code: string,
  ): Promise<void> {
    await transaction
      .updateTable('launch_history')
      .set({ code })
      .where('node_id', '=', nodeId)
      .where('started_at', '=', utc(startedAt))
      .where('outcome', '=', 'failed')
      .execute()
  }

  async function read(since: Instant | undefined): Promise<PastLaunch[]> {
    let query = database.selectFrom('launch_history').selectAll()
    if (since) query = query.where('ended_at', '>', iso(since))
    const rows = await query.orderBy('ended_at', 'desc').orderBy('node_id').execute()
    const launches: PastLaunch[] = []
    for (const row of rows) {
      launches.push(fromRow(row))
      if (launches.length % SLICE === 0) await nextTurn()
    }
    return launches
  }
}

function toRow(nodeId: string, about: About, ended: Ended): Selectable<LaunchHistoryTable> {
  return {
    node_id: nodeId,
    started_at: utc(ended.started_at),
    ended_at: utc(ended.ended_at),
    outcome: ended.outcome,
    code: ended.code ?? null,
    name: about.name ?? null,
    provider: about.provider ?? null,
    region: about.region ?? null,
    gpu: about.gpu ?? null,
    model: about.model ?? null,
    phases: JSON.stringify(ended.phases),
  }
}

function fromRow(row: Selectable<LaunchHistoryTable>): PastLaunch {
  const { node_id, name, provider, region, gpu, model, outcome, started_at, ended_at, code } = row
  const optional = { name, provider, region, gpu, model, code }
  const given = Object.entries(optional).filter(([, value]) => value !== null)
  return {
    node_id,
    outcome,
    started_at,
    ended_at,
    ...(Object.fromEntries(given) as { [Key in keyof typeof optional]?: string }),
    phases: JSON.parse(row.phases),
  }
}

/** An entry's time in UTC, so that it sorts as text: the sender may have used any offset. */
function utc(timestamp: string): string {
  return iso(parseInstant(timestamp) ?? { seconds: 0, nanos: 0 })
}

function iso({ seconds, nanos }: Instant): string {
  return new Date(seconds * 1000 + Math.floor(nanos / 1e6)).toISOString()
}
