import { randomUUID } from 'node:crypto'
import type { GroupRequest, LaunchedGroup, LaunchRequest } from '@launchtail/client/protocol'
import { HttpError } from '../../errors.js'
import type { Groups } from '../../nodes/groups/groups.js'
import type { StoredService } from '../../nodes/groups/service.js'
import { seal } from '../../seal.js'
import { checkRequest } from '../check-request.js'
import type { KeepAnswer } from '../replies.js'
import { replicaName } from '../skypilot/serve/replica-name.js'
import type { GroupsOptions } from './groups-options.js'
import { type Member, nodeIdOf } from './member.js'
import { newServiceName } from './service-name.js'
import { rolloutKey } from './update-group.js'

/** Launches all nodes of a group, or none: they are stored in one transaction, with the answer. */
export function createGroupLaunching({
  groups,
  admission,
  takeUp,
  replies,
  locked,
  now,
  ...options
}: GroupsOptions): Groups['launch'] {
  return (request, once) =>
    once
      ? replies.once(once, (keep) => launchNow(request, keep))
      : launchNow(request, async () => {})

  async function launchNow(
    { group_id: groupId = newId(), replicas, ...wanted }: GroupRequest,
    keep: KeepAnswer<LaunchedGroup>,
  ): Promise<LaunchedGroup> {
    const checked = await checkRequest(wanted as LaunchRequest, options)
    const { key, clusterPrefix } = options
    const service =
      checked.request.mode === 'serve' ? newServiceName(clusterPrefix, groupId) : undefined
    const numbers = Array.from({ length: replicas }, (_, i) => i + 1)
    const members = numbers.map((number) => ({ groupId, number }))
    const nodeIds = members.map(nodeIdOf)
    return locked(
      async () => {
        await refuseWhileRunning(groupId)
        let answer: LaunchedGroup | undefined
        const admitted = await admission.admitAll(
          members.map((member) => ({
            ...checked,
            request: { ...checked.request, node_id: nodeIdOf(member) },
            member,
            ...(service !== undefined && {
              clusterName: replicaName({ service, replica: member.number }),
            }),
          })),
          async (all, transaction) => {
            const nodes = all.map(({ nodeId, clusterName }) => ({
              node_id: nodeId,
              cluster_name: clusterName,
            }))
            answer = { group_id: groupId, replicas, status: 'launching', nodes }
            const row = {
              ...rowOf(groupId, replicas),
              ...(service !== undefined && {
                service: JSON.stringify({ name: service } satisfies StoredService),
                rollout_request: seal(key, rolloutKey(groupId, 1), checked.request),
              }),
            }
            await groups.insert(row, members.map(rowOfMember), transaction)
            await keep(answer, transaction)
          },
        )
        for (const { nodeId, launchId } of admitted) await takeUp.start(nodeId, launchId)
        return answer as LaunchedGroup
      },
      ...nodeIds,
    )
  }

  async function refuseWhileRunning(groupId: string): Promise<void> {
    const group = await groups.find(groupId)
    if (!group || group.row.state === 'ended') return
    throw new HttpError(409, `there is a group ${groupId} already; terminate it first`)
  }

  function rowOf(groupId: string, replicas: number) {
    return {
      group_id: groupId,
      replicas,
      ...{ state: 'running' as const, busy: 0, generation: 1, next_number: replicas + 1 },
      ...{ rollout: null, rollout_request: null, service: null, version: 0 },
      created_at: now().toISOString(),
      ended_at: null,
    }
  }
}

function rowOfMember(member: Member) {
  return {
    group_id: member.groupId,
    node_id: nodeIdOf(member),
    number: member.number,
    generation: 1,
    role: 'member' as const,
    replaces: null,
  }
}

/** Short: the ids and clusters of its nodes are named by it. */
function newId(): string {
  return randomUUID().slice(0, 8)
}
