import type { Insertable, Selectable, Transaction } from 'kysely'
import { inTransaction } from '../../database/in-transaction.js'
import type { Database } from '../../database/open.js'
import type { InstancesTable, Schema } from '../../database/schema.js'
import type { Instance } from './instance.js'

export type InstanceRow = Selectable<InstancesTable>
export type InstanceKey = Pick<InstanceRow, 'launch_id' | 'number'>
type Executor = Database | Transaction<Schema>
type Changes = Partial<
  Pick<InstanceRow, 'price' | 'up_at' | 'down_at' | 'reported' | 'reported_at'>
>

/**
 * Stores an attempt's machines where they are not known yet. Each change has a number, by which readers know
 * what is new.
 */
export async function addInstance(
  executor: Executor,
  row: Omit<Insertable<InstancesTable>, 'change'>,
): Promise<void> {
  await inTransaction(executor, async (transaction) => {
    await transaction
      .insertInto('instances')
      .values({ ...row, change: await nextChange(transaction) })
      .onConflict((conflict) => conflict.columns(['launch_id', 'number']).doNothing())
      .execute()
  })
}

export async function changeInstance(
  executor: Executor,
  { launch_id, number }: InstanceKey,
  changes: Changes,
): Promise<void> {
  await inTransaction(executor, async (transaction) => {
    await transaction
      .updateTable('instances')
      .set({ ...changes, change: await nextChange(transaction) })
      .where('launch_id', '=', launch_id)
      .where('number', '=', number)
      .execute()
  })
}

/** The machines of a launch are gone: those of all attempts, or of those before one. */
export async function endInstances(
  executor: Executor,
  launchId: string,
  { at, before }: { at: Date; before?: number | undefined },
): Promise<void> {
  await inTransaction(executor, async (transaction) => {
    let query = transaction
      .selectFrom('instances')
      .select('number')
      .where('launch_id', '=', launchId)
      .where('down_at', 'is', null)
    if (before !== undefined) query = query.where('number', '<', before)
    const down_at = at.toISOString()
    for (const { number } of await query.execute()) {
      await changeInstance(transaction, { launch_id: launchId, number }, { down_at })
    }
  })
}

/** The machines of these launches, in the order of their attempts. */
export async function instancesOf(
  executor: Executor,
  launchIds: readonly string[],
): Promise<Map<string, Instance[]>> {
  const byLaunch = new Map<string, Instance[]>()
  if (launchIds.length === 0) return byLaunch
  const rows = await executor
    .selectFrom('instances')
    .selectAll()
    .where('launch_id', 'in', launchIds)
    .orderBy('number')
    .execute()
  for (const row of rows) {
    const known = byLaunch.get(row.launch_id)
    if (known) known.push(readInstance(row))
    else byLaunch.set(row.launch_id, [readInstance(row)])
  }
  return byLaunch
}

/** The machines that have changed since a change, in the order of their changes. */
export async function changedInstances(executor: Executor, since: number, limit: number) {
  const rows = await executor
    .selectFrom('instances')
    .selectAll()
    .where('change', '>', since)
    .orderBy('change')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    ...{ launchId: row.launch_id, change: row.change, instance: readInstance(row) },
  }))
}

export function readInstance(row: InstanceRow): Instance {
  const { number, price, reported, reported_at } = row
  return {
    number,
    price: price ?? undefined,
    up: msOf(row.up_at),
    down: msOf(row.down_at),
    reported:
      reported === null || reported_at === null
        ? undefined
        : { cost: reported, at: Date.parse(reported_at) },
  }
}

function msOf(time: string | null): number | undefined {
  return time === null ? undefined : Date.parse(time)
}

/** In a transaction: otherwise, two changes could get one number, and a reader would miss one. */
async function nextChange(executor: Transaction<Schema>): Promise<number> {
  const row = await executor
    .selectFrom('instances')
    .select('change')
    .orderBy('change', 'desc')
    .limit(1)
    .executeTakeFirst()
  return (row?.change ?? 0) + 1
}
