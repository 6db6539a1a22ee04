import { groupNotFound } from '../../errors.js'
import { type MemberRow, rolloutOf } from '../../nodes/groups/group.js'
import type { GroupChange, StoredGroup } from '../../nodes/groups/group-rows.js'
import type { GroupsOptions } from './groups-options.js'
import { createLaunchingNext } from './launch-next.js'
import { leave } from './leave.js'
import { createSettling } from './settle-joining.js'
import { hasRoom } from './targets.js'

/**
 * Takes the next steps of a group's update: a new node that is active takes the place of an old one,
 * which is terminated then; one that fails stops the update; and where there is room, the next is launched.
 */
export function createRollouts(options: GroupsOptions) {
  const { groups, registry, rows, now } = options
  const settleJoining = createSettling({ registry, now, changed })
  const launchNext = createLaunchingNext(options)
  return async (stored: StoredGroup): Promise<void> => {
    let group: StoredGroup | undefined = stored
    for (const { node_id } of stored.members.filter(({ role }) => role === 'joining')) {
      group = await settleJoining(group, node_id)
    }
    for (const member of group.members.filter(({ role }) => role === 'leaving')) {
      group = await endLeaving(group, member)
    }
    while (group && hasRoom(group)) group = await launchNext(group)
    if (group) await finishIfDone(group)
  }

  async function endLeaving(group: StoredGroup, member: MemberRow): Promise<StoredGroup> {
    const { node_id: nodeId } = member
    if ((await rows.unended(nodeId)) !== undefined) {
      const by = group.members.find(({ replaces }) => replaces === nodeId)
      await leave(nodeId, by?.node_id, options)
      return group
    }
    // What a failed launch has left behind may be kept.
    if ((await registry.get(nodeId))?.kept_until !== undefined) await options.terminate(nodeId)
    return changed(group, { roles: [{ node_id: nodeId, role: 'left' }] })
  }

  async function finishIfDone(group: StoredGroup): Promise<void> {
    if (group.members.some(({ role }) => role === 'joining' || role === 'leaving')) return
    const rollout = rolloutOf(group.row)
    const isDone = rollout?.state === 'running'
    const done = { ...rollout, state: 'done', ended_at: now().toISOString() }
    await groups.change(group.row, {
      set: {
        ...{ busy: 0, rollout_request: null },
        ...(isDone && { rollout: JSON.stringify(done) }),
      },
    })
  }

  async function changed(group: StoredGroup, change: GroupChange): Promise<StoredGroup> {
    await groups.change(group.row, change)
    const now = await groups.find(group.row.group_id)
    if (!now) throw groupNotFound()
    return now
  }
}
