import type { Stats, StatsKey } from '@launchtail/client/protocol'
import { createSlices, type Slices } from '../../async/slices.js'
import { createCapacity } from './capacity.js'
import { type CountedLaunch, type Kind, toPastLaunch } from './counted-launch.js'
import { createSeries } from './series.js'
import { createTally, type Tally } from './tally.js'

/** The part of the statistics that is about launches that have ended. */
export type LaunchStats = Omit<Stats, 'today'>

export interface StatisticsOptions {
  /** The fields to group by; without any there are no groups. */
  by: readonly StatsKey[]
  /** How many of the launches to list one by one. */
  last: number
  /** The length of the series' buckets in seconds. */
  bucket?: number | undefined
  /** Where the series ends, in milliseconds since 1970. */
  until: number
  /** The time up to which launches have cost something. */
  now: number
}

/** Milliseconds of summing up after which other work gets its turn. */
export const SLICE = 0.5

/** Sums launches up, which must be sorted by their ends, newest first. */
export async function statisticsOf(
  launches: readonly CountedLaunch[],
  { by, last, bucket, until, now }: StatisticsOptions,
): Promise<LaunchStats> {
  const total = createTally(now)
  const groups = createGroups(by, now)
  const series = createSeries({ launches, bucket, until, now })
  const capacity = createCapacity()
  const slices = createSlices(SLICE)
  for (const launch of launches) {
    total.add(launch)
    groups?.add(launch)
    series.add(launch)
    capacity.add(launch)
    if (slices.isOver()) await slices.next()
  }
  return {
    total: total.read(),
    groups: (await groups?.read(slices)) ?? [],
    series: await series.read(slices),
    capacity: capacity.read(),
    last: launches.slice(0, last).map((launch) => toPastLaunch(launch, now)),
  }
}

function createGroups(by: readonly StatsKey[], now: number) {
  if (by.length === 0) return undefined
  const groups = new Map<string, { readonly fields: object; readonly tally: Tally }>()
  const byKind = new Map<Kind, Tally>()
  return {
    add(launch: CountedLaunch): void {
      const tally = byKind.get(launch.kind) ?? tallyOf(launch.kind)
      byKind.set(launch.kind, tally)
      tally.add(launch)
    },
    async read(slices: Slices): Promise<Stats['groups']> {
      const all: Stats['groups'] = []
      for (const { fields, tally } of groups.values()) {
        all.push({ ...fields, ...tally.read() })
        if (slices.isOver()) await slices.next()
      }
      return all.sort((a, b) => b.launches - a.launches)
    },
  }

  function tallyOf(kind: Kind): Tally {
    const values = by.map((name) => kind[name])
    const key = JSON.stringify(values)
    const group = groups.get(key) ?? { fields: fieldsOf(by, values), tally: createTally(now) }
    groups.set(key, group)
    return group.tally
  }
}

/** What is not known of these launches is left out. */
function fieldsOf(by: readonly StatsKey[], values: readonly unknown[]): object {
  const fields = by.map((name, i) => [name === 'spot' ? 'use_spot' : name, values[i]])
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined))
}
