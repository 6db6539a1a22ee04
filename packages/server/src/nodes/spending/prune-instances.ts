import { sql } from 'kysely'
import type { Database } from '../../database/open.js'

/** How many launches' machines are removed in one statement. */
const SLICE = 500

/**
 * Removes the machines that were gone by then and of which nothing tells any more: their launch is neither in the
 * history, which keeps the newest, nor of a node that exists. The row with the newest change stays, because
 * changes are counted from it.
 */
export async function pruneInstances(database: Database, before: Date): Promise<void> {
  const at = before.toISOString()
  const statement = sql`delete from instances
    where change < (select max(change) from instances) and launch_id in (
      select launch_id from instances as old where down_at < ${at}
        and not exists (select 1 from launches where launches.launch_id = old.launch_id)
        and not exists (select 1 from launch_history where launch_history.launch_id = old.launch_id)
        and not exists (select 1 from instances as other where other.launch_id = old.launch_id
          and (other.down_at is null or other.down_at >= ${at}))
        and change < (select max(change) from instances)
      limit ${SLICE})`
  for (let removed = 1n; removed > 0n; ) {
    const { numAffectedRows = 0n } = await statement.execute(database)
    removed = numAffectedRows
  }
}
