import type { Group, NodeRecord, WholeGroup } from '@launchtail/client/protocol'
import type { Database } from '../../database/open.js'
import { groupNotFound, HttpError } from '../../errors.js'
import type { Registry } from '../registry.js'
import { rounded } from '../spending/instance.js'
import { groupOf } from './group.js'
import type { GroupRows } from './group-rows.js'

export interface GroupReads {
  /** Newest first. */
  list(query: { limit: number; cursor?: string | undefined }): Promise<{
    groups: Group[]
    cursor?: string
  }>
  /** With all its nodes that are not deleted. Throws 404 if there is no such group. */
  get(groupId: string): Promise<WholeGroup>
}

export interface GroupReadsOptions {
  database: Database
  rows: GroupRows
  registry: Pick<Registry, 'get' | 'flush'>
}

export function createGroupReads({ database, rows, registry }: GroupReadsOptions): GroupReads {
  return { list, get }

  async function list({ limit, cursor }: Parameters<GroupReads['list']>[0]) {
    if (cursor === undefined) await registry.flush()
    const found = await rows.page(limit + 1, readPageCursor(cursor))
    const page = found.slice(0, limit)
    const members = await rows.membersOf(page.map(({ group_id }) => group_id))
    const statuses = await statusesOf(members.map(({ node_id }) => node_id))
    const groups = page.map((row) => {
      const own = members.filter(({ group_id }) => group_id === row.group_id)
      return groupOf(
        row,
        own.map(({ role, node_id }) => ({ role, status: statuses.get(node_id) ?? 'terminated' })),
      )
    })
    const last = page.at(-1)
    const next = found.length > limit && last ? `${last.created_at} ${last.group_id}` : undefined
    return {
      groups,
      ...(next !== undefined && { cursor: Buffer.from(next).toString('base64url') }),
    }
  }

  async function get(groupId: string): Promise<WholeGroup> {
    const group = await rows.find(groupId)
    if (!group) throw groupNotFound()
    const found = await Promise.all(
      group.members.map(async (member) => {
        const node = await registry.get(member.node_id)
        return node ? [{ member, node }] : []
      }),
    )
    const known = found.flat()
    const counted = known.map(({ member, node }) => ({ role: member.role, status: node.status }))
    return {
      ...groupOf(group.row, counted),
      ...moneyOf(known.map(({ node }) => node)),
      nodes: known.map(({ member: { role, generation, replaces }, node }) => ({
        ...{ role, generation },
        ...(replaces !== null && { replaces }),
        node,
      })),
    }
  }

  async function statusesOf(nodeIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (nodeIds.length === 0) return new Map()
    const found = await database
      .selectFrom('nodes')
      .select(['node_id', 'status'])
      .where('node_id', 'in', nodeIds)
      .execute()
    return new Map(found.map(({ node_id, status }) => [node_id, status]))
  }
}

/** What the nodes cost an hour, as long as they run, and what they have cost together. */
function moneyOf(nodes: readonly NodeRecord[]): Pick<WholeGroup, 'price_per_hour' | 'spent'> {
  const running = nodes.filter(({ status }) => status === 'active' || status === 'launching')
  const price = sumOf(running.map((node) => node.price_per_hour))
  const spent = sumOf(nodes.map((node) => node.spent))
  return {
    ...(price !== undefined && { price_per_hour: price }),
    ...(spent !== undefined && { spent }),
  }
}

function sumOf(amounts: readonly (number | undefined)[]): number | undefined {
  const known = amounts.filter((amount) => amount !== undefined)
  return known.length === 0 ? undefined : rounded(known.reduce((sum, amount) => sum + amount, 0))
}

/** Throws 400 if the text is not such a cursor. */
function readPageCursor(cursor: string | undefined) {
  if (cursor === undefined) return undefined
  const [created_at, group_id, more] = Buffer.from(cursor, 'base64url').toString().split(' ')
  if (!created_at || !group_id || more !== undefined) {
    throw new HttpError(400, "invalid 'cursor' value")
  }
  return { created_at, group_id }
}
