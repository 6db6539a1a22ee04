import { withDeadline } from '@launchtail/client/async'
import { type Rounds, startRounds } from '../../async/rounds.js'
import type { Database } from '../../database/open.js'
import type { Registry } from '../../nodes/registry.js'
import { changeInstance } from '../../nodes/spending/instances.js'
import type { Launcher } from '../launcher.js'
import { type ReportedRow, reportedFor } from './reported-for.js'

export interface CostMonitorOptions {
  database: Database
  /** The id of this process: others look after the launches that they run. */
  owner: string
  launchers: readonly Launcher[]
  registry: Pick<Registry, 'touched'>
  closing: AbortSignal
  now: () => Date
  onFault: (message: string, error: unknown) => void
  /** Milliseconds between two rounds. */
  every?: number | undefined
  /** Milliseconds between two reports of a launcher, unless machines have gone meanwhile. */
  reportsEvery?: number | undefined
}

const EVERY = 60_000
/** A report is a request to SkyPilot, or a Python program. */
const REPORTS_EVERY = 10 * 60_000
const PATIENCE = 2 * 60_000
/** For how long what is gone is asked for: SkyPilot may notice late. */
const AFTERWARDS = 3_600_000

interface Row extends ReportedRow {
  readonly node_id: string
  readonly launcher: string
  /** True where its last report was made before its machines were gone. */
  readonly isDue: boolean
}

/**
 * Keeps what launches have cost up to date: has SkyPilot report it, which knows more than the output of a launch
 * tells, and has the records shown anew whose cost grows.
 */
export function startCostMonitor(options: CostMonitorOptions): Rounds {
  const { database, owner, launchers, registry, closing, now, onFault } = options
  const { every = EVERY, reportsEvery = REPORTS_EVERY } = options
  const asked = new Map<string, number>()
  const rounds = startRounds(look, {
    every,
    onFault: (error) => onFault('looking after what launches cost', error),
  })
  void rounds.now()
  return rounds

  async function look(): Promise<void> {
    const rows = await rowsNow()
    for (const launcher of launchers) {
      const its = rows.filter((row) => row.launcher === launcher.name)
      if (!its.some((row) => row.isDue) || !isTime(launcher.name, its)) continue
      asked.set(launcher.name, now().getTime())
      await report(launcher, its).catch((error) => {
        if (!closing.aborted) onFault('asking SkyPilot what launches have cost', error)
      })
    }
    const grows = rows.filter(({ up_at, down_at }) => up_at !== null && down_at === null)
    for (const { node_id } of grows) registry.touched(node_id)
  }

  function isTime(name: string, rows: readonly Row[]): boolean {
    const last = asked.get(name)
    if (last === undefined || now().getTime() - last >= reportsEvery) return true
    return rows.some(
      ({ isDue, down_at: down }) => isDue && down !== null && Date.parse(down) > last,
    )
  }

  async function report(launcher: Launcher, rows: readonly Row[]): Promise<void> {
    const names = [...new Set(rows.map((row) => row.cluster_name))]
    const costs = await withDeadline(PATIENCE, closing, (signal) => launcher.costs(names, signal))
    const at = now()
    for (const [row, { cost, price, since }] of reportedFor(rows, costs)) {
      if (!row.isDue) continue
      await changeInstance(database, row, {
        ...{ price, reported: cost, reported_at: at.toISOString() },
        up_at: row.up_at ?? new Date(since).toISOString(),
      })
    }
  }

  /** All machines of the launches of which some are there, or were until lately. */
  async function rowsNow(): Promise<Row[]> {
    const lately = new Date(now().getTime() - AFTERWARDS).toISOString()
    const rows = await database
      .selectFrom('instances')
      .innerJoin('launches', 'launches.launch_id', 'instances.launch_id')
      .selectAll('instances')
      .select('launches.created_at as asked_at')
      .where('launches.owner', '=', owner)
      .where('instances.launch_id', 'in', (recent) =>
        recent
          .selectFrom('instances')
          .select('instances.launch_id')
          .where(({ or, eb }) =>
            or([eb('instances.down_at', 'is', null), eb('instances.down_at', '>', lately)]),
          ),
      )
      .execute()
    return rows.map(({ asked_at, ...row }) => ({
      ...row,
      askedAt: Date.parse(asked_at),
      isDue:
        row.down_at === null || (row.down_at > lately && (row.reported_at ?? '') < row.down_at),
    }))
  }
}
