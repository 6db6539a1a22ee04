import type { Instant, PlanHistory, StatsKey } from '@launchtail/client/protocol'
import type { Query } from '@launchtail/client/query'
import { createSlices } from '../../async/slices.js'
import type { Database } from '../../database/open.js'
import { KEPT_LAUNCHES } from '../launch-history.js'
import type { CountedLaunch } from './counted-launch.js'
import { type Alike, historyOf } from './history-of.js'
import { createLaunchTest } from './launch-test.js'
import { createPastLaunches, type PastLaunchesOptions } from './past-launches.js'
import { createShared } from './shared.js'
import { type LaunchStats, SLICE, statisticsOf } from './statistics.js'

/** Which launches are summed up, and how. */
export interface StatsQuestion {
  /** Only launches that ended later. */
  since?: Instant | undefined
  /** Only launches that ended up to this time. */
  until?: Instant | undefined
  by?: readonly StatsKey[] | undefined
  /** The length of the series' buckets in seconds. */
  bucket?: number | undefined
  /** How many of the launches to list one by one. */
  last: number
}

/** Milliseconds for which an answer is good, if no launch has ended meanwhile: `-2h` counts from now. */
const SHARED = 1000

export interface StatsOptions extends Pick<PastLaunchesOptions, 'onRead'> {
  database: Database
  /** Stores what is pending of the records. */
  flush: () => Promise<void>
  now: () => Date
}

export interface Statistics {
  /** Statistics of the launches that have ended. `find` is the query in `q`. */
  stats(question: StatsQuestion, find?: Query): Promise<LaunchStats>
  /** How past launches of the same kind went. */
  launchesLike(alike: Alike): Promise<PlanHistory>
  /** Takes in launches that have ended, so that the next to ask need not wait for it. */
  takeInPast(): Promise<void>
}

export function createStatistics({ database, flush, now, onRead }: StatsOptions): Statistics {
  const past = createPastLaunches({ database, kept: KEPT_LAUNCHES, onRead })
  const shared = createShared<LaunchStats>()
  return { stats, launchesLike, takeInPast }

  async function takeInPast(): Promise<void> {
    await past.read()
  }

  async function launchesLike(alike: Alike): Promise<PlanHistory> {
    await flush()
    return historyOf(await past.read(), alike)
  }

  async function stats(question: StatsQuestion, find?: Query): Promise<LaunchStats> {
    await flush()
    const time = now().getTime()
    const launches = await past.read()
    const key = JSON.stringify([question, find?.given, Math.floor(time / SHARED)])
    return shared(launches, key, () => sumUp(launches, time, question, find))
  }
}

async function sumUp(
  all: readonly CountedLaunch[],
  time: number,
  { since, until, by = [], bucket, last }: StatsQuestion,
  find: Query | undefined,
): Promise<LaunchStats> {
  const passes = find && (await createLaunchTest(find, time))
  const inTime = all.filter(
    ({ endedAt }) => (!since || endedAt > msOf(since)) && (!until || endedAt <= msOf(until)),
  )
  const launches = passes ? await passing(inTime, passes) : inTime
  const end = until ? Math.min(time, msOf(until)) : time
  return statisticsOf(launches, { by, last, bucket, until: end, now: time })
}

async function passing(
  launches: readonly CountedLaunch[],
  passes: (launch: CountedLaunch) => boolean,
): Promise<CountedLaunch[]> {
  const passed: CountedLaunch[] = []
  const slices = createSlices(SLICE)
  for (const launch of launches) {
    if (passes(launch)) passed.push(launch)
    if (slices.isOver()) await slices.next()
  }
  return passed
}

function msOf({ seconds, nanos }: Instant): number {
  return seconds * 1000 + Math.floor(nanos / 1e6)
}
