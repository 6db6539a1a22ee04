import type { Transaction } from 'kysely'
import type { Schema } from '../database/schema.js'
import type { About } from './rows.js'

/** Notes on a node, if there still is one, that its launch was launched again as another node. */
export async function linkRelaunched(
  transaction: Transaction<Schema>,
  nodeId: string | undefined,
  relaunchedAs: string,
): Promise<void> {
  if (nodeId === undefined) return
  const row = await transaction
    .selectFrom('nodes')
    .select('about')
    .where('node_id', '=', nodeId)
    .executeTakeFirst()
  if (!row) return
  const about: About = { ...(JSON.parse(row.about) as About), relaunched_as: relaunchedAs }
  await transaction
    .updateTable('nodes')
    .set({ about: JSON.stringify(about) })
    .where('node_id', '=', nodeId)
    .execute()
}
