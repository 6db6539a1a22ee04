import type { Phase } from '@launchtail/client/protocol'
import type { Transaction } from 'kysely'
import { inPieces } from '../database/in-pieces.js'
import type { Database } from '../database/open.js'
import type { Schema } from '../database/schema.js'

/** A launch by its number: the launches of all nodes are counted as they begin. */
export interface NumberedLaunch {
  readonly number: number
  readonly nodeId: string
}

/** Names launches by small numbers, so that an event id can name hundreds of them. */
export interface LaunchNumbers {
  /** The number of the newest launch; 0 where there is none. */
  newest(): Promise<number>
  /** The launches that are under way, in one phase if that is given, at most so many. */
  open(phase: Phase | undefined, limit: number): Promise<NumberedLaunch[]>
  /** The launches after a number, oldest first, at most so many; those of a group, if one is given. */
  after(number: number, limit: number, group?: string): Promise<KnownLaunch[]>
  /** The newest launches of a group's nodes that are not gone. */
  ofGroup(groupId: string): Promise<NumberedLaunch[]>
  /** The newest launch of each of these nodes. */
  ofNodes(nodeIds: readonly string[]): Promise<NumberedLaunch[]>
  /** The launches with these numbers. */
  named(numbers: readonly number[]): Promise<KnownLaunch[]>
}

export interface KnownLaunch extends NumberedLaunch {
  /** The node was deleted since. */
  readonly deleted: boolean
}

export function createLaunchNumbers(database: Database): LaunchNumbers {
  return { newest, open, after, ofGroup, ofNodes, named }

  async function newest(): Promise<number> {
    const row = await database
      .selectFrom('launch_numbers')
      .select('number')
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirst()
    return row?.number ?? 0
  }

  async function open(phase: Phase | undefined, limit: number): Promise<NumberedLaunch[]> {
    let query = database
      .selectFrom('nodes')
      .select((of) => [
        'node_id',
        of
          .selectFrom('launch_numbers')
          .select(({ fn }) => fn.max('number').as('newest'))
          .whereRef('launch_numbers.node_id', '=', 'nodes.node_id')
          .as('number'),
      ])
      .where('status', '=', 'launching')
    if (phase) query = query.where('phase', '=', phase)
    const rows = await query.limit(limit).execute()
    return rows
      .map(({ node_id, number }) => ({ nodeId: node_id, number: number ?? 0 }))
      .sort((a, b) => a.number - b.number)
  }

  async function after(number: number, limit: number, group?: string): Promise<KnownLaunch[]> {
    let query = database.selectFrom('launch_numbers').selectAll().where('number', '>', number)
    if (group !== undefined) {
      query = query.where('node_id', 'in', (from) =>
        from.selectFrom('group_members').select('node_id').where('group_id', '=', group),
      )
    }
    const rows = await query.orderBy('number').limit(limit).execute()
    return rows.map(toKnown)
  }

  async function ofGroup(groupId: string): Promise<NumberedLaunch[]> {
    const rows = await database
      .selectFrom('group_members')
      .select('node_id')
      .where('group_id', '=', groupId)
      .where('role', 'not in', ['left', 'rejected'])
      .execute()
    return ofNodes(rows.map(({ node_id }) => node_id))
  }

  async function ofNodes(nodeIds: readonly string[]): Promise<NumberedLaunch[]> {
    if (nodeIds.length === 0) return []
    const rows = await database
      .selectFrom('launch_numbers')
      .select(({ fn }) => ['node_id', fn.max('number').as('number')])
      .where('node_id', 'in', nodeIds)
      .where('deleted', '=', 0)
      .groupBy('node_id')
      .execute()
    return rows.map(toLaunch)
  }

  async function named(numbers: readonly number[]): Promise<KnownLaunch[]> {
    if (numbers.length === 0) return []
    const rows = await database
      .selectFrom('launch_numbers')
      .selectAll()
      .where('number', 'in', numbers)
      .execute()
    return rows.map(toKnown)
  }
}

function toLaunch({ number, node_id }: { number: number; node_id: string }): NumberedLaunch {
  return { number, nodeId: node_id }
}

function toKnown({ deleted, ...row }: Parameters<typeof toLaunch>[0] & { deleted: number }) {
  return { ...toLaunch(row), deleted: deleted !== 0 }
}

/** Counts new launches of a node, each by the place in the list of its first entry. */
export async function numberLaunches(
  transaction: Transaction<Schema>,
  nodeId: string,
  firstIndexes: readonly number[],
): Promise<void> {
  const added = firstIndexes.map((first_index) => ({ node_id: nodeId, deleted: 0, first_index }))
  for (const piece of inPieces(added)) {
    const rows = await transaction
      .insertInto('launch_numbers')
      .values(piece)
      .returning('number')
      .execute()
    for (const { number } of rows) {
      if (number % PRUNE_EVERY === 0) await prune(transaction, number - KEPT)
    }
  }
}

/** Stores by which beginnings the node's newest launches, except one that is open, have ended. */
export async function endNumbers(
  transaction: Transaction<Schema>,
  nodeId: string,
  startedAt: readonly string[],
  isOpen: boolean,
): Promise<void> {
  const rows = await transaction
    .selectFrom('launch_numbers')
    .select('number')
    .where('node_id', '=', nodeId)
    .where('deleted', '=', 0)
    .orderBy('number', 'desc')
    .offset(isOpen ? 1 : 0)
    .limit(startedAt.length)
    .execute()
  const ended = rows.map(({ number }, i) => ({ number, at: startedAt[startedAt.length - 1 - i] }))
  for (const piece of inPieces(ended)) await storeBeginnings(transaction, piece)
}

/** In one statement: a request may have ended thousands of launches. */
async function storeBeginnings(
  transaction: Transaction<Schema>,
  [first, ...rest]: readonly { number: number; at: string | undefined }[],
): Promise<void> {
  if (!first) return
  const numbers = [first, ...rest].map(({ number }) => number)
  await transaction
    .updateTable('launch_numbers')
    .set((eb) => {
      const given = eb
        .case('number')
        .when(first.number)
        .then(eb.val(first.at ?? null))
      return {
        started_at: rest
          .reduce((all, { number, at }) => all.when(number).then(eb.val(at ?? null)), given)
          .end(),
      }
    })
    .where('number', 'in', numbers)
    .execute()
}

/** The node's launches keep their numbers: a reader may ask for one of them. */
export async function markDeleted(transaction: Transaction<Schema>, nodeId: string): Promise<void> {
  await transaction
    .updateTable('launch_numbers')
    .set({ deleted: 1 })
    .where('node_id', '=', nodeId)
    .execute()
}

/** Launches of deleted nodes are forgotten once so many have begun after them. */
const KEPT = 100_000
const PRUNE_EVERY = 1000

async function prune(transaction: Transaction<Schema>, before: number): Promise<void> {
  await transaction
    .deleteFrom('launch_numbers')
    .where('deleted', '=', 1)
    .where('number', '<', before)
    .execute()
}
