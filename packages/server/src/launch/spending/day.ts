import type { Selectable, Transaction } from 'kysely'
import type { Database } from '../../database/open.js'
import type { InstancesTable, LaunchesTable, Schema } from '../../database/schema.js'
import { spentBetween } from '../../nodes/spending/instance.js'
import { readInstance } from '../../nodes/spending/instances.js'
import type { Limits } from '../limits/limits.js'

type Executor = Database | Transaction<Schema>

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** What all launches cost on one day, in UTC. Amounts are in US dollars. */
export interface Day {
  /** Such as `2026-11-28`. */
  readonly date: string
  readonly spent: number
  /** What an hour of all that is there costs now. */
  readonly perHour: number
  /** What will be spent until midnight by what is there, or is being launched. */
  readonly committed: number
}

/** When the day ends, in milliseconds since 1970. */
export function midnightAfter(now: number): number {
  return Math.floor(now / DAY) * DAY + DAY
}

/** Reads what was spent since midnight, and what will be by what is there. */
export async function readDay(executor: Executor, at: Date): Promise<Day> {
  const now = at.getTime()
  const to = midnightAfter(now)
  const from = to - DAY
  const date = new Date(from).toISOString().slice(0, 10)
  let [spent, perHour, committed] = [0, 0, 0]
  for (const row of await rowsOf(executor, new Date(from).toISOString())) {
    const instance = readInstance(row)
    const { price = 0, up, down } = instance
    spent += spentBetween(instance, { from, to: now }, now)
    if (down !== undefined) continue
    if (up !== undefined) perHour += price
    committed += (price * Math.max(0, Math.min(to, endOf(row, now)) - now)) / HOUR
  }
  return { date, spent, perHour, committed }
}

interface Row extends Selectable<InstancesTable> {
  readonly state: LaunchesTable['state'] | null
  readonly limits: string | null
  readonly kept_launch: string | null
  readonly kept_until: string | null
  readonly active_at: string | null
}

/** When it will be gone, as far as that is known, in milliseconds since 1970. */
function endOf(row: Row, now: number): number {
  if (row.kept_launch === row.launch_id && row.kept_until !== null)
    return Date.parse(row.kept_until)
  // It is being taken down.
  if (row.state === null || row.state === 'ended' || row.state === 'cancelling') return now
  const { maxLifetime } = JSON.parse(row.limits ?? '{}') as Limits
  if (maxLifetime === undefined) return Number.POSITIVE_INFINITY
  return (row.active_at === null ? now : Date.parse(row.active_at)) + maxLifetime
}

/** All that was there since then, or is. */
function rowsOf(executor: Executor, since: string): Promise<Row[]> {
  return executor
    .selectFrom('instances')
    .leftJoin('launches', 'launches.launch_id', 'instances.launch_id')
    .leftJoin('nodes', 'nodes.own_launch', 'instances.launch_id')
    .leftJoin('phases', (join) =>
      join
        .onRef('phases.node_id', '=', 'nodes.node_id')
        .on('phases.phase', '=', 'active')
        .on('phases.ended_at', 'is', null),
    )
    .selectAll('instances')
    .select(['launches.state', 'launches.limits', 'nodes.kept_launch', 'nodes.kept_until'])
    .select('phases.started_at as active_at')
    .where(({ or, eb }) =>
      or([eb('instances.down_at', 'is', null), eb('instances.down_at', '>=', since)]),
    )
    .execute()
}
