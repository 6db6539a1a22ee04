import { type MemberRow, type Rollout, rolloutOf } from '../../nodes/groups/group.js'
import type { StoredGroup } from '../../nodes/groups/group-rows.js'

/** True if the next node of an update may be launched now: so many are there beyond the group's own. */
export function hasRoom({ row, members }: StoredGroup): boolean {
  const rollout = rolloutOf(row)
  if (rollout?.state !== 'running') return false
  if (nextTarget(members, rollout) === undefined && !isToAdd(members, rollout)) return false
  return (
    members.filter(({ role }) => role === 'joining' || role === 'leaving').length <
    rollout.max_surge
  )
}

/** True if nodes are still to be launched that replace none. */
function isToAdd(members: readonly MemberRow[], { generation, to_add = 0 }: Rollout): boolean {
  const added = members.filter(
    (member) => member.generation === generation && member.replaces === null,
  )
  return added.length < to_add
}

/** The next node that nobody replaces yet. One that was deleted meanwhile is replaced all the same. */
export function nextTarget(members: readonly MemberRow[], rollout: Rollout): string | undefined {
  const replaced = new Set(
    members.flatMap(({ generation, replaces }) =>
      generation === rollout.generation && replaces !== null ? [replaces] : [],
    ),
  )
  return rollout.targets.find((nodeId) => !replaced.has(nodeId))
}
