import { sql, type Transaction } from 'kysely'
import { databaseNow } from '../database/clock.js'
import type { Database } from '../database/open.js'
import type { LeftClustersTable, Schema } from '../database/schema.js'
import { noteNoneKept, noteNotKept } from '../nodes/kept.js'
import { endInstances } from '../nodes/spending/instances.js'

export interface LeftCluster extends Pick<LeftClustersTable, Name | 'launch_id' | 'attempts'> {
  /** How long ago its launch ended, in milliseconds. */
  readonly age: number
}

type Name = 'node_id' | 'launcher' | 'cluster_name'

/** The clusters that may have outlived their launches, and who is taking them down. */
export interface LeftClusters {
  add(
    cluster: Pick<LeftClustersTable, Name | 'launch_id'>,
    transaction: Transaction<Schema>,
    /** It is kept for so many milliseconds first. */
    keep?: number,
  ): Promise<void>
  /** One that is kept is kept for so many milliseconds from now on. False if it is not. */
  keepFor(launchId: string, ms: number, transaction: Transaction<Schema>): Promise<boolean>
  /** Those that are kept of a node are due at once. False if there are none. */
  letGo(nodeId: string): Promise<boolean>
  /** True where a cluster of this name is still to be taken down. */
  has(name: string): Promise<boolean>
  /** Takes clusters that are due for an attempt. For so many milliseconds nobody else gets them. */
  claim(most: number, length: number): Promise<LeftCluster[]>
  /** The next attempt is due in so many milliseconds. */
  later(launchId: string, pause: number): Promise<void>
  remove(launchId: string): Promise<void>
  /** Clusters that this process, or the one before it, was taking down are due at once. */
  release(): Promise<void>
}

export function createLeftClusters(
  database: Database,
  owner: string,
  now = () => new Date(),
): LeftClusters {
  const inDatabase = databaseNow(database)
  const inFuture = (ms: number) => sql<number>`${inDatabase} + ${Math.round(ms)}`
  return {
    async add({ launch_id, node_id, launcher, cluster_name }, transaction, keep) {
      const due = dueIn(keep ?? 0)
      const row = { launch_id, node_id, launcher, cluster_name, attempts: 0, owner: null, ...due }
      const values = { ...row, kept: keep === undefined ? 0 : 1 }
      await transaction.insertInto('left_clusters').values(values).execute()
    },
    async keepFor(launchId, ms, transaction) {
      const { numUpdatedRows } = await kept(transaction)
        .set(dueIn(ms))
        .where('launch_id', '=', launchId)
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },
    letGo: (nodeId) =>
      database.transaction().execute(async (transaction) => {
        const { numUpdatedRows } = await kept(transaction)
          .set({ ...dueIn(0), kept: 0 })
          .where('node_id', '=', nodeId)
          .executeTakeFirstOrThrow()
        await noteNoneKept(transaction, nodeId)
        return numUpdatedRows > 0n
      }),
    async has(name) {
      const found = await database
        .selectFrom('left_clusters')
        .select('launch_id')
        .where('cluster_name', '=', name)
        .executeTakeFirst()
      return found !== undefined
    },
    claim: (most, length) =>
      database
        .updateTable('left_clusters')
        .set((row) => ({ owner, attempts: row('attempts', '+', 1), next_at: inFuture(length) }))
        .where('launch_id', 'in', (rows) =>
          rows
            .selectFrom('left_clusters')
            .select('launch_id')
            .where('next_at', '<=', inDatabase)
            .orderBy('next_at')
            .limit(most),
        )
        // Again: where another server was quicker, PostgreSQL looks at the changed row, but not anew for rows.
        .where('next_at', '<=', inDatabase)
        .returning(['launch_id', 'node_id', 'launcher', 'cluster_name', 'attempts'])
        .returning((row) => sql<number>`${inDatabase} - ${row.ref('since')}`.as('age'))
        .execute(),
    async later(launchId, pause) {
      await database
        .updateTable('left_clusters')
        .set({ owner: null, next_at: inFuture(pause) })
        .where('launch_id', '=', launchId)
        .where('owner', '=', owner)
        .execute()
    },
    async remove(launchId) {
      await database.transaction().execute(async (transaction) => {
        await transaction.deleteFrom('left_clusters').where('launch_id', '=', launchId).execute()
        await noteNotKept(transaction, launchId)
        await endInstances(transaction, launchId, { at: now() })
      })
    },
    async release() {
      await database
        .updateTable('left_clusters')
        .set({ owner: null, next_at: inDatabase })
        .where('owner', '=', owner)
        .execute()
    },
  }

  /** The clock for giving up begins when it is due. */
  function dueIn(ms: number) {
    return { since: inFuture(ms), next_at: inFuture(ms) }
  }

  /** Not one that is being taken down already. */
  function kept(executor: Transaction<Schema>) {
    return executor.updateTable('left_clusters').where('kept', '=', 1).where('attempts', '=', 0)
  }
}
