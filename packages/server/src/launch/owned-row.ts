import type { Transaction } from 'kysely'
import type { Database } from '../database/open.js'
import type { LaunchesTable, Schema } from '../database/schema.js'

export interface OwnedRow {
  /** Changes the row if it is still ours and, with `from`, if the launch is in that state. */
  update(changes: Changes, from?: LaunchesTable['state']): Promise<void>
  /** Stores that the launch is over, and in the same transaction what it has left, if it is ours. */
  end(endedAt: string, left?: (transaction: Transaction<Schema>) => Promise<void>): Promise<void>
}

type Changes = Partial<Pick<LaunchesTable, 'state' | 'handle' | 'attempt' | 'secrets' | 'ended_at'>>

/** The row of a launch, which only the owner with this fencing token may change. */
export function createOwnedRow(
  database: Database,
  { launchId, token }: { launchId: string; token: number },
): OwnedRow {
  return {
    async update(changes, from) {
      const query = updated(changes, database)
      await (from ? query.where('state', '=', from) : query).execute()
    },
    end: (endedAt, left = async () => {}) =>
      database.transaction().execute(async (transaction) => {
        const changes = { state: 'ended', secrets: null, ended_at: endedAt } as const
        const { numUpdatedRows } = await updated(changes, transaction).executeTakeFirstOrThrow()
        if (numUpdatedRows > 0) await left(transaction)
      }),
  }

  function updated(changes: Changes, executor: Database) {
    return executor
      .updateTable('launches')
      .set(changes)
      .where('launch_id', '=', launchId)
      .where('owner_number', '=', token)
  }
}
