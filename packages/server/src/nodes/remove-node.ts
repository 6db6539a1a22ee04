import type { Database } from '../database/open.js'
import { markDeleted } from './launch-numbers.js'

/** Deletes a node's record. The histories keep what its launches added to them. */
export async function removeNode(database: Database, nodeId: string): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    await transaction.deleteFrom('phases').where('node_id', '=', nodeId).execute()
    await transaction.deleteFrom('sent_in').where('node_id', '=', nodeId).execute()
    await markDeleted(transaction, nodeId)
    await transaction.deleteFrom('nodes').where('node_id', '=', nodeId).execute()
  })
}
