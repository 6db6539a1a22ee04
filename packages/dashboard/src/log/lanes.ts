import { placeIn } from '@launchtail/client/protocol'
import { computed, type ReadonlySignal } from '@preact/signals'
import type { Line } from './line.js'
import type { Log } from './state.js'

/** What one of several machines, or processes, has written. */
export interface Lane {
  readonly rank: string
  /** The machine, as its lines name it. */
  readonly machine: string
  readonly count: number
  readonly errors: number
  readonly newest: Line
}

/** More ranks than these are found by a search, such as `rank:100`. */
const MOST_LANES = 32

/** The lanes of a log, in the order of their ranks. None for a log of one rank. */
export function lanesOf(log: Log): ReadonlySignal<readonly Lane[]> {
  const lanes = new Map<string, Lane>()
  let scanned = 0
  let era = 0
  return computed(() => {
    if (log.era.value !== era || log.length.value < scanned) {
      era = log.era.value
      lanes.clear()
      scanned = 0
    }
    for (; scanned < log.length.value; scanned += 1) take(log.lines[scanned] as Line)
    return lanes.size < 2 ? [] : [...lanes.values()].sort(byRank)
  })

  function take(line: Line): void {
    const { rank, entry } = line
    if (rank === undefined) return
    const before = lanes.get(rank)
    if (!before && lanes.size >= MOST_LANES) return
    lanes.set(rank, {
      rank,
      machine: before?.machine || (/(?:^| )node=(\S+)/.exec(placeIn(entry.details))?.[1] ?? ''),
      count: (before?.count ?? 0) + 1,
      errors: (before?.errors ?? 0) + Number(entry.level === 'error'),
      newest: line,
    })
  }
}

function byRank(a: Lane, b: Lane): number {
  return Number(a.rank) - Number(b.rank) || a.rank.localeCompare(b.rank)
}
