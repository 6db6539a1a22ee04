import { groupNotFound, HttpError } from '../../errors.js'
import type { GroupRows } from '../../nodes/groups/group-rows.js'
import type { LaunchRows } from '../launch-rows.js'

export interface ForgetGroupOptions {
  groups: Pick<GroupRows, 'find' | 'remove'>
  rows: Pick<LaunchRows, 'unended'>
  forgetNode: (nodeId: string) => Promise<void>
}

/** The group goes last: one of which only some nodes are gone can be deleted again. */
export async function forgetGroup(
  groupId: string,
  { groups, rows, forgetNode }: ForgetGroupOptions,
): Promise<void> {
  const group = await groups.find(groupId)
  if (!group) throw groupNotFound()
  if (group.row.state === 'ending' || group.row.busy !== 0) {
    throw new HttpError(409, `something is being done about group ${groupId}; wait for its end`)
  }
  // Before the first is gone.
  for (const { node_id } of group.members) {
    if ((await rows.unended(node_id)) === undefined) continue
    throw new HttpError(409, `node ${node_id} is launched or runs; terminate the group first`)
  }
  for (const { node_id } of group.members) await forgetNode(node_id)
  await groups.remove(groupId)
}
