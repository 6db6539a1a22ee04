import type { PastLaunch } from '@launchtail/client/protocol'
import type { Database } from '../database/open.js'
import { fromRow, toPastLaunch } from './statistics/counted-launch.js'

/** The history of launches in the order of its changes: for whoever passes it on. */
export interface LaunchChanges {
  /** The number of the last change. */
  newest(): Promise<number>
  /** The launches that have changed since, and the number of the last of these changes. */
  after(
    change: number,
    limit: number,
  ): Promise<{ launches: (PastLaunch & { cluster_name: string })[]; last: number }>
}

export function createLaunchChanges(database: Database): LaunchChanges {
  return {
    async newest() {
      const row = await database
        .selectFrom('launch_history')
        .select('change')
        .orderBy('change', 'desc')
        .limit(1)
        .executeTakeFirst()
      return row?.change ?? 0
    },
    async after(change, limit) {
      const rows = await database
        .selectFrom('launch_history')
        .selectAll()
        .where('change', '>', change)
        .orderBy('change')
        .limit(limit)
        .execute()
      const launches = rows.map((row) => ({
        ...toPastLaunch(fromRow(row, (kind) => kind)),
        cluster_name: row.cluster_name ?? '',
      }))
      return { launches, last: rows.at(-1)?.change ?? change }
    },
  }
}
