import type { NodeLaunch } from '@launchtail/client/protocol'
import type { Database } from '../database/open.js'
import { readAsked } from './stored-launch.js'

/** The request of the launch by this server that was under way at a time, without its secrets. */
export function createAskedAt(database: Database) {
  return async (nodeId: string, time: string): Promise<NodeLaunch | undefined> => {
    const at = new Date(time).toISOString()
    const row = await database
      .selectFrom('launches')
      .select('request')
      .where('node_id', '=', nodeId)
      .where('created_at', '<=', at)
      .where((of) => of.or([of('ended_at', 'is', null), of('ended_at', '>=', at)]))
      .orderBy('created_at', 'desc')
      .limit(1)
      .executeTakeFirst()
    return row && readAsked(row)
  }
}
