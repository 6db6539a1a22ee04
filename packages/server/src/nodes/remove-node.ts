import type { Database } from '../database/open.js'
import { HttpError } from '../errors.js'
import { markDeleted } from './launch-numbers.js'

/** Deletes a node's record. The histories keep what its launches added to them. */
export async function removeNode(database: Database, nodeId: string): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    // Another server may have launched it meanwhile.
    const launch = await transaction
      .selectFrom('launches')
      .select('launch_id')
      .where('node_id', '=', nodeId)
      .where('state', '!=', 'ended')
      .executeTakeFirst()
    if (launch) throw new HttpError(409, `node ${nodeId} is being launched`)
    await transaction.deleteFrom('phases').where('node_id', '=', nodeId).execute()
    await transaction.deleteFrom('sent_in').where('node_id', '=', nodeId).execute()
    await markDeleted(transaction, nodeId)
    await transaction.deleteFrom('nodes').where('node_id', '=', nodeId).execute()
  })
}
