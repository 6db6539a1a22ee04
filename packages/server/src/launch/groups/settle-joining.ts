import type { NodeRecord } from '@launchtail/client/protocol'
import { type MemberRow, type Rollout, rolloutOf } from '../../nodes/groups/group.js'
import type { GroupChange, StoredGroup } from '../../nodes/groups/group-rows.js'
import type { GroupsOptions } from './groups-options.js'

export interface SettlingOptions extends Pick<GroupsOptions, 'registry' | 'now'> {
  /** Stores the change, and gives the group as it is then. */
  changed: (group: StoredGroup, change: GroupChange) => Promise<StoredGroup>
}

/**
 * Looks at a new node of an update. One that is active takes the place of the old one; one that has failed
 * stops the update, and what it has not replaced stays.
 */
export function createSettling({ registry, now, changed }: SettlingOptions) {
  return async function settleJoining(group: StoredGroup, nodeId: string): Promise<StoredGroup> {
    const node = await registry.get(nodeId)
    if (node?.status === 'launching') return group
    const { replaces } = memberOf(group, nodeId)
    const rollout = rolloutOf(group.row)
    if (!rollout) return group
    if (node?.status === 'active') {
      const { replicas } = group.row
      const { replaced, added = 0 } = rollout
      return replaces === null
        ? changed(group, {
            set: {
              replicas: replicas + 1,
              rollout: JSON.stringify({ ...rollout, added: added + 1 } satisfies Rollout),
            },
            roles: [{ node_id: nodeId, role: 'member' }],
          })
        : changed(group, {
            set: {
              rollout: JSON.stringify({ ...rollout, replaced: replaced + 1 } satisfies Rollout),
            },
            roles: [
              { node_id: nodeId, role: 'member' },
              { node_id: replaces, role: 'leaving' },
            ],
          })
    }
    return changed(group, {
      set: {
        rollout: JSON.stringify({
          ...rollout,
          state: 'stopped',
          ended_at: now().toISOString(),
          failure: rollout.failure ?? failureOf(nodeId, node),
        } satisfies Rollout),
        rollout_request: null,
      },
      roles: [{ node_id: nodeId, role: 'rejected' }],
    })
  }
}

function memberOf({ members }: StoredGroup, nodeId: string): MemberRow {
  return members.find((member) => member.node_id === nodeId) as MemberRow
}

function failureOf(nodeId: string, node: NodeRecord | undefined): NonNullable<Rollout['failure']> {
  if (!node) return { node_id: nodeId, message: 'the new node was deleted' }
  const { failure } = node
  return {
    node_id: nodeId,
    ...(failure && { code: failure.code }),
    message: failure?.message ?? 'the new node was terminated',
  }
}
