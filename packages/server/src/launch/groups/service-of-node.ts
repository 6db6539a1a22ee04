import type { Database } from '../../database/open.js'
import type { Registry } from '../../nodes/registry.js'
import type { ServiceOfLaunch } from '../launcher.js'
import { nodeIdOf } from './member.js'

export interface ServiceOfNodeOptions {
  database: Database
  registry: Pick<Registry, 'get'>
}

/** What is known of the service that a group's node is a replica of. Its first node brings it up. */
export async function serviceOfNode(
  nodeId: string,
  { database, registry }: ServiceOfNodeOptions,
): Promise<ServiceOfLaunch> {
  const { group_id: groupId, replicas } = await database
    .selectFrom('groups')
    .innerJoin('group_members', 'group_members.group_id', 'groups.group_id')
    .select(['groups.group_id', 'groups.replicas'])
    .where('group_members.node_id', '=', nodeId)
    .executeTakeFirstOrThrow()
  const firstId = nodeIdOf({ groupId, number: 1 })
  const first = firstId === nodeId ? undefined : await registry.get(firstId)
  const failure =
    first?.status === 'failed'
      ? (first.failure?.message ?? first.message)
      : first?.status === 'terminated'
        ? 'the launch that was to bring the service up was terminated'
        : undefined
  return { replicas, failure }
}
