import type { Draft } from '@launchtail/client/protocol'
import { offsetName } from '../offset-name.js'
import type { GroupsOptions } from './groups-options.js'

/** Terminates a node that leaves its group. Its log says which other one has replaced it, once. */
export async function leave(
  nodeId: string,
  by: string | undefined,
  { database, appender, terminate }: Pick<GroupsOptions, 'database' | 'appender' | 'terminate'>,
): Promise<void> {
  const launch = await database
    .selectFrom('launches')
    .innerJoin('nodes', 'nodes.node_id', 'launches.node_id')
    .select(['launches.source', 'launches.state', 'nodes.status', 'nodes.phase'])
    .where('launches.node_id', '=', nodeId)
    .where('launches.state', '!=', 'ended')
    .executeTakeFirst()
  if (!launch || launch.state === 'cancelling') return
  if (by !== undefined && launch.status === 'active') {
    const draft: Draft = {
      level: 'warn',
      phase: launch.phase,
      message: `The node ${by} has taken this one’s place in its group; this one is taken down`,
    }
    const name = offsetName(launch.source, 'replaced')
    await appender.append(nodeId, [draft], { offset: { name, from: 0, to: 1 } })
  }
  await terminate(nodeId)
}
