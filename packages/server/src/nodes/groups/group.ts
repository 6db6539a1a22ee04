import type { Group, GroupRole } from '@launchtail/client/protocol'
import type { Selectable } from 'kysely'
import type { GroupMembersTable, GroupsTable } from '../../database/schema.js'
import { serviceOf } from './service.js'

export type GroupRow = Selectable<GroupsTable>
export type MemberRow = Selectable<GroupMembersTable>

/** The replacement of a group's nodes, as it is stored. */
export interface Rollout extends NonNullable<Group['update']> {
  /** The nodes to be replaced, in this order. */
  readonly targets: readonly string[]
}

export function rolloutOf({ rollout }: Pick<GroupRow, 'rollout'>): Rollout | undefined {
  return rollout === null ? undefined : (JSON.parse(rollout) as Rollout)
}

/** What a group comes to, by the statuses of its members. A deleted node counts as terminated. */
export function groupOf(
  row: GroupRow,
  members: readonly { readonly role: GroupRole; readonly status: string }[],
): Group {
  const count = (status: string) =>
    members.filter((member) => member.role === 'member' && member.status === status).length
  const [active, launching, failed] = [count('active'), count('launching'), count('failed')]
  const terminated = row.replicas - active - launching - failed
  const { targets: _, ...update } = rolloutOf(row) ?? { targets: [] }
  const service = serviceOf(row)
  return {
    group_id: row.group_id,
    replicas: row.replicas,
    status: statusOf({ replicas: row.replicas, active, launching, failed }),
    ...{ active, launching, failed, terminated },
    created_at: row.created_at,
    ...(row.ended_at !== null && { ended_at: row.ended_at }),
    ...('state' in update && { update }),
    ...(service && { service }),
  }
}

interface Counts {
  readonly replicas: number
  readonly active: number
  readonly launching: number
  readonly failed: number
}

function statusOf({ replicas, active, launching, failed }: Counts): Group['status'] {
  if (launching > 0) return 'launching'
  if (active === replicas) return 'active'
  if (active > 0) return 'degraded'
  return failed > 0 ? 'failed' : 'terminated'
}
