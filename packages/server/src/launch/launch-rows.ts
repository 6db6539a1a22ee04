import type { Insertable, Selectable, Transaction } from 'kysely'
import type { Database } from '../database/open.js'
import type { LaunchesTable, Schema } from '../database/schema.js'
import { HttpError } from '../errors.js'

export type LaunchRow = Selectable<LaunchesTable>

/** The columns that keep a launch's request. */
export type NewestRow = Pick<LaunchRow, 'launch_id' | 'node_id' | 'request' | 'secrets'>

/** The stored launches. A row of a launch that runs is changed by its owner alone: see `owned-row`. */
export interface LaunchRows {
  /** Throws if the node has a launch that is not over. */
  insert(row: Insertable<LaunchesTable>, transaction: Transaction<Schema>): Promise<void>
  /** The id of the node's launch that is not over. */
  unended(nodeId: string): Promise<string | undefined>
  /** The ids of the node's launches that are over. */
  ended(nodeId: string): Promise<string[]>
  /** The request of the node's newest launch. */
  newest(nodeId: string): Promise<NewestRow | undefined>
  /** The requests of all of them, oldest first. */
  each(nodeId: string): Promise<Pick<LaunchRow, 'request' | 'created_at'>[]>
  /** Asks whoever runs the launch, or takes it up, to terminate it. */
  cancel(launchId: string): Promise<void>
  /** Removes all launches of the node. Throws 409, and removes none, if one is not over. */
  removeEnded(nodeId: string): Promise<void>
}

export function createLaunchRows(database: Database): LaunchRows {
  return {
    async insert(row, transaction) {
      await transaction.insertInto('launches').values(row).execute()
    },
    async unended(nodeId) {
      const row = await ofNode(nodeId).where('state', '!=', 'ended').executeTakeFirst()
      return row?.launch_id
    },
    async ended(nodeId) {
      const rows = await ofNode(nodeId).where('state', '=', 'ended').execute()
      return rows.map((row) => row.launch_id)
    },
    newest: (nodeId) =>
      ofNode(nodeId)
        .select(['node_id', 'request', 'secrets'])
        .orderBy('created_at', 'desc')
        .limit(1)
        .executeTakeFirst(),
    each: (nodeId) =>
      ofNode(nodeId).select(['request', 'created_at']).orderBy('created_at').execute(),
    async cancel(launchId) {
      await database
        .updateTable('launches')
        .set({ state: 'cancelling' })
        .where('launch_id', '=', launchId)
        .where('state', '!=', 'ended')
        .execute()
    },
    async removeEnded(nodeId) {
      // In one transaction: another process may admit a launch of the node at any time.
      await database.transaction().execute(async (transaction) => {
        const left = await transaction
          .selectFrom('launches')
          .select('launch_id')
          .where('node_id', '=', nodeId)
          .where('state', '!=', 'ended')
          .executeTakeFirst()
        if (left) throw new HttpError(409, 'the node is being launched or runs; terminate it first')
        await transaction.deleteFrom('launches').where('node_id', '=', nodeId).execute()
      })
    },
  }

  function ofNode(nodeId: string) {
    return database.selectFrom('launches').select('launch_id').where('node_id', '=', nodeId)
  }
}
