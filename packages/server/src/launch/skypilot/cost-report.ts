import type { ClusterCost } from '../launcher.js'

/** How many days back a cluster is reported that is gone. Those that are there always are. */
export const COST_DAYS = 30

/** The costs in a cost report of SkyPilot. Of one name there are as many as there were clusters of it. */
export function costsIn(report: unknown): ClusterCost[] {
  if (!Array.isArray(report)) return []
  return report.flatMap((record) => {
    const { name, launched_at: at, duration, total_cost: cost } = (record ?? {}) as Report
    if (typeof name !== 'string' || typeof at !== 'number') return []
    // Where nobody has said what a machine costs, SkyPilot says that it costs nothing.
    if (!isAmount(duration) || !isAmount(cost)) return []
    return [{ name, launchedAt: at * 1000, hours: duration / 3600, cost }]
  })
}

type Report = Partial<Record<'name' | 'launched_at' | 'duration' | 'total_cost', unknown>>

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0
}
