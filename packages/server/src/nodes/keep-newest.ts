import type { Transaction } from 'kysely'
import type { Schema } from '../database/schema.js'

/** Deletes all except the newest rows of a history, by when they ended. */
export async function keepNewest(
  transaction: Transaction<Schema>,
  table: 'phase_history' | 'launch_history',
  kept: number,
): Promise<void> {
  const first = await transaction
    .selectFrom(table)
    .select('ended_at')
    .orderBy('ended_at', 'desc')
    .offset(kept)
    .limit(1)
    .executeTakeFirst()
  if (!first) return
  await transaction.deleteFrom(table).where('ended_at', '<=', first.ended_at).execute()
}
