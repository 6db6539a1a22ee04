import type { Selectable } from 'kysely'
import type { InstancesTable } from '../../database/schema.js'
import type { ClusterCost } from '../launcher.js'

export type ReportedRow = Pick<
  Selectable<InstancesTable>,
  'launch_id' | 'number' | 'cluster_name' | 'up_at' | 'down_at'
> & {
  /** When the launch was asked for, in milliseconds since 1970. */
  readonly askedAt: number
}

/** What SkyPilot reports of an attempt's clusters. */
export interface Reported {
  readonly cost: number
  /** The price of an hour of the newest one. */
  readonly price: number
  /** When the first one was launched, in milliseconds since 1970. */
  readonly since: number
}

/** SkyPilot counts in whole seconds. */
const SECOND = 1000

/**
 * Finds out which attempt each cluster of a launch was made for. They have one name, and one is made after
 * the other, so it is the first whose machines were not gone yet.
 */
export function reportedFor<Row extends ReportedRow>(
  rows: readonly Row[],
  costs: readonly ClusterCost[],
): Map<Row, Reported> {
  const found = new Map<Row, Reported>()
  const inOrder = [...rows].sort((a, b) => a.askedAt - b.askedAt || a.number - b.number)
  for (const cost of [...costs].sort((a, b) => a.launchedAt - b.launchedAt)) {
    const row = inOrder.find(
      ({ cluster_name: name, askedAt, down_at: down }) =>
        name === cost.name &&
        askedAt < cost.launchedAt + SECOND &&
        (down === null || Date.parse(down) > cost.launchedAt),
    )
    if (!row) continue
    const before = found.get(row)
    found.set(row, {
      cost: (before?.cost ?? 0) + cost.cost,
      price: Math.round((cost.cost / cost.hours) * 10_000) / 10_000,
      since: before?.since ?? cost.launchedAt,
    })
  }
  return found
}
