import { groupNotFound, HttpError } from '../../errors.js'
import type { GroupRows } from '../../nodes/groups/group-rows.js'

export interface ForgetGroupOptions {
  groups: Pick<GroupRows, 'find' | 'remove'>
  forgetNode: (nodeId: string) => Promise<void>
}

/** The group goes last: one of which only some nodes are gone can be deleted again. */
export async function forgetGroup(
  groupId: string,
  { groups, forgetNode }: ForgetGroupOptions,
): Promise<void> {
  const group = await groups.find(groupId)
  if (!group) throw groupNotFound()
  if (group.row.state === 'ending' || group.row.busy !== 0) {
    throw new HttpError(409, `something is being done about group ${groupId}; wait for its end`)
  }
  for (const { node_id } of group.members) await forgetNode(node_id)
  await groups.remove(groupId)
}
