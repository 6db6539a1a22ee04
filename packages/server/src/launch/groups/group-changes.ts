import { HttpError } from '../../errors.js'
import type { MemberRow } from '../../nodes/groups/group.js'
import type { StoredGroup } from '../../nodes/groups/group-rows.js'
import type { UpdateOptions } from '../../nodes/groups/groups.js'
import type { Registry } from '../../nodes/registry.js'

export interface GroupChanges {
  /** The nodes that are to be replaced, in this order. */
  readonly targets: readonly string[]
  /** Those that are to go, and are replaced by none. */
  readonly removed: readonly string[]
  /** How many are to come, and replace none. */
  readonly toAdd: number
}

/**
 * Decides what an update changes. Nodes that do not serve are replaced and removed first, because that costs
 * nothing; of the others the newest are removed. Throws 400 for a node that is not the group's.
 */
export async function changesOf(
  { row, members }: StoredGroup,
  { only, replaces, replicas = row.replicas }: UpdateOptions,
  registry: Pick<Registry, 'get'>,
): Promise<GroupChanges> {
  const own = members.filter(({ role }) => role === 'member')
  const other = only?.find((nodeId) => !own.some((member) => member.node_id === nodeId))
  if (other !== undefined)
    throw new HttpError(400, `${other} is not a node of group ${row.group_id}`)
  const more = replicas - row.replicas
  const removed = more < 0 ? (await idleFirst(own.toSorted(newestFirst))).slice(0, -more) : []
  const wanted = own.filter(({ node_id }) => !only || only.includes(node_id))
  const targets = replaces ? await idleFirst(wanted) : []
  return {
    targets: targets.filter((nodeId) => !removed.includes(nodeId)),
    removed,
    toAdd: Math.max(0, more),
  }

  async function idleFirst(among: readonly MemberRow[]): Promise<string[]> {
    const serving = await Promise.all(
      among.map(async ({ node_id }) => (await registry.get(node_id))?.status === 'active'),
    )
    const inOrder = [false, true].flatMap((isServing) =>
      among.filter((_, i) => serving[i] === isServing),
    )
    return inOrder.map(({ node_id }) => node_id)
  }
}

export function newestFirst(a: MemberRow, b: MemberRow): number {
  return b.number - a.number
}
