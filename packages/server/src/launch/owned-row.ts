import type { Database } from '../database/open.js'
import type { LaunchesTable } from '../database/schema.js'

export interface OwnedRow {
  /** Changes the row if it is still ours and, with `from`, if the launch is in that state. */
  update(changes: Changes, from?: LaunchesTable['state']): Promise<void>
}

type Changes = Partial<Pick<LaunchesTable, 'state' | 'handle' | 'secrets' | 'ended_at'>>

/** The row of a launch, which only the owner with this fencing token may change. */
export function createOwnedRow(
  database: Database,
  { launchId, token }: { launchId: string; token: number },
): OwnedRow {
  return {
    async update(changes, from) {
      let query = database
        .updateTable('launches')
        .set(changes)
        .where('launch_id', '=', launchId)
        .where('owner_number', '=', token)
      if (from) query = query.where('state', '=', from)
      await query.execute()
    },
  }
}
