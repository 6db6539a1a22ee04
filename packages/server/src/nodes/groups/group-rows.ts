import type { Insertable, Transaction, Updateable } from 'kysely'
import type { Database } from '../../database/open.js'
import type { GroupMembersTable, GroupsTable, Schema } from '../../database/schema.js'
import { HttpError } from '../../errors.js'
import type { GroupRow, MemberRow } from './group.js'

/** Another request, or another process, has changed the group since it was read. */
export class GroupChanged extends HttpError {
  constructor(groupId: string) {
    super(409, `group ${groupId} has just been changed; try again`)
  }
}

export interface StoredGroup {
  readonly row: GroupRow
  readonly members: readonly MemberRow[]
}

/** The stored groups. Whoever changes one names the version that was read. */
export interface GroupRows {
  find(groupId: string): Promise<StoredGroup | undefined>
  /** Those about which something is to be done. */
  busy(): Promise<readonly GroupRow[]>
  /** Those that run and whose nodes are replicas of a service. */
  serving(): Promise<readonly GroupRow[]>
  /** Newest first, after one of them if that is given. */
  page(
    limit: number,
    after: Pick<GroupRow, 'created_at' | 'group_id'> | undefined,
  ): Promise<GroupRow[]>
  membersOf(groupIds: readonly string[]): Promise<readonly MemberRow[]>
  /** Takes the place of a group of that id, if there was one. */
  insert(
    row: Insertable<GroupsTable>,
    members: readonly Insertable<GroupMembersTable>[],
    transaction: Transaction<Schema>,
  ): Promise<void>
  /** Throws GroupChanged, and changes nothing, if this is not the group as it was read. */
  change(before: GroupRow, change: GroupChange, transaction?: Transaction<Schema>): Promise<void>
  remove(groupId: string): Promise<void>
}

export interface GroupChange {
  readonly set?: Omit<Updateable<GroupsTable>, 'version' | 'group_id'>
  readonly roles?: readonly Pick<MemberRow, 'node_id' | 'role'>[]
  readonly added?: readonly Insertable<GroupMembersTable>[]
  /** Has something else happen with it, or not at all. */
  readonly alongside?: (transaction: Transaction<Schema>) => Promise<void>
}

export function createGroupRows(database: Database): GroupRows {
  return { find, busy, serving, page, membersOf, insert, change, remove }

  async function find(groupId: string): Promise<StoredGroup | undefined> {
    const row = await database
      .selectFrom('groups')
      .selectAll()
      .where('group_id', '=', groupId)
      .executeTakeFirst()
    return row && { row, members: await membersOf([groupId]) }
  }

  function busy(): Promise<GroupRow[]> {
    return database.selectFrom('groups').selectAll().where('busy', '=', 1).execute()
  }

  function serving(): Promise<GroupRow[]> {
    return database
      .selectFrom('groups')
      .selectAll()
      .where('service', 'is not', null)
      .where('state', '=', 'running')
      .execute()
  }

  function page(limit: number, after: Pick<GroupRow, 'created_at' | 'group_id'> | undefined) {
    let query = database.selectFrom('groups').selectAll()
    if (after) {
      query = query.where((where) =>
        where.or([
          where('created_at', '<', after.created_at),
          where.and([
            where('created_at', '=', after.created_at),
            where('group_id', '<', after.group_id),
          ]),
        ]),
      )
    }
    return query.orderBy('created_at', 'desc').orderBy('group_id', 'desc').limit(limit).execute()
  }

  async function membersOf(groupIds: readonly string[]): Promise<readonly MemberRow[]> {
    if (groupIds.length === 0) return []
    return database
      .selectFrom('group_members')
      .selectAll()
      .where('group_id', 'in', groupIds)
      .orderBy('number')
      .execute()
  }

  async function insert(
    row: Insertable<GroupsTable>,
    members: readonly Insertable<GroupMembersTable>[],
    transaction: Transaction<Schema>,
  ): Promise<void> {
    await removeIn(transaction, row.group_id)
    await transaction.insertInto('groups').values(row).execute()
    await transaction
      .insertInto('group_members')
      .values([...members])
      .execute()
  }

  async function change(
    before: GroupRow,
    how: GroupChange,
    transaction?: Transaction<Schema>,
  ): Promise<void> {
    if (transaction) return changeIn(transaction, before, how)
    await database.transaction().execute((own) => changeIn(own, before, how))
  }

  async function remove(groupId: string): Promise<void> {
    await database.transaction().execute((transaction) => removeIn(transaction, groupId))
  }
}

async function changeIn(
  transaction: Transaction<Schema>,
  { group_id, version }: GroupRow,
  { set = {}, roles = [], added = [], alongside }: GroupChange,
): Promise<void> {
  const { numUpdatedRows } = await transaction
    .updateTable('groups')
    .set({ ...set, version: version + 1 })
    .where('group_id', '=', group_id)
    .where('version', '=', version)
    .executeTakeFirstOrThrow()
  if (numUpdatedRows === 0n) throw new GroupChanged(group_id)
  for (const { node_id, role } of roles) {
    await transaction
      .updateTable('group_members')
      .set({ role })
      .where('group_id', '=', group_id)
      .where('node_id', '=', node_id)
      .execute()
  }
  if (added.length > 0)
    await transaction
      .insertInto('group_members')
      .values([...added])
      .execute()
  await alongside?.(transaction)
}

async function removeIn(transaction: Transaction<Schema>, groupId: string): Promise<void> {
  await transaction.deleteFrom('group_members').where('group_id', '=', groupId).execute()
  await transaction.deleteFrom('groups').where('group_id', '=', groupId).execute()
}
