import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Instant, type PastLaunch, parseInstant } from '@launchtail/client/protocol'
import type { Selectable, Transaction } from 'kysely'
import type { Database } from '../database/open.js'
import type { LaunchHistoryTable, Schema } from '../database/schema.js'
import type { Ended } from './fold.js'

/** What is known of a node whatever its launches do. */
export type Kind = Pick<PastLaunch, 'name' | 'provider' | 'region' | 'gpu' | 'model'>

export interface LaunchHistory {
  /** Keeps launches that are over; in the transaction that takes their ends into the record. */
  add(
    transaction: Transaction<Schema>,
    nodeId: string,
    kind: Kind,
    ended: readonly Ended[],
  ): Promise<void>
  /** The launches that ended later than `since`, the last of them first. */
  read(since: Instant | undefined): Promise<PastLaunch[]>
}

/** How many launches are kept, whether their nodes are still there or not. */
const KEPT = 5000
/** Launches made of rows before other work gets its turn. */
const SLICE = 500

export function createLaunchHistory(database: Database): LaunchHistory {
  return { add, read }

  async function add(
    transaction: Transaction<Schema>,
    nodeId: string,
    { name, provider, region, gpu, model }: Kind,
    ended: readonly Ended[],
  ): Promise<void> {
    if (ended.length === 0) return
    const rows = ended.map(({ outcome, code, started_at, ended_at, phases }) => ({
      node_id: nodeId,
      started_at: utc(started_at),
      ended_at: utc(ended_at),
      outcome,
      code: code ?? null,
      name: name ?? null,
      provider: provider ?? null,
      region: region ?? null,
      gpu: gpu ?? null,
      model: model ?? null,
      phases: JSON.stringify(phases),
    }))
    // A record that is made again from its list adds the same rows again.
    await transaction
      .insertInto('launch_history')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    const first = await transaction
      .selectFrom('launch_history')
      .select('ended_at')
      .orderBy('ended_at', 'desc')
      .offset(KEPT)
      .limit(1)
      .executeTakeFirst()
    if (!first) return
    await transaction.deleteFrom('launch_history').where('ended_at', '<=', first.ended_at).execute()
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

function fromRow(row: Selectable<LaunchHistoryTable>): PastLaunch {
  const { node_id, name, provider, region, gpu, model, outcome, started_at, ended_at, code } = row
  const kind = { name, provider, region, gpu, model, code }
  const told = Object.entries(kind).filter(([, value]) => value !== null)
  return {
    ...{ node_id, outcome, started_at, ended_at },
    ...(Object.fromEntries(told) as { [Key in keyof typeof kind]?: string }),
    phases: JSON.parse(row.phases),
  }
}

/** An entry's time, which may have any offset, so that it sorts as text. */
function utc(timestamp: string): string {
  return iso(parseInstant(timestamp) ?? { seconds: 0, nanos: 0 })
}

function iso({ seconds, nanos }: Instant): string {
  return new Date(seconds * 1000 + Math.floor(nanos / 1e6)).toISOString()
}
