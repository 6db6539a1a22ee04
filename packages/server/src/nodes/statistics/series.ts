import type { Stats } from '@launchtail/client/protocol'
import type { Slices } from '../../async/slices.js'
import { type Instance, rounded, spentBetween, spentOn } from '../spending/instance.js'
import type { CountedLaunch } from './counted-launch.js'
import { createSketch, type Sketch } from './sketch.js'
import { spreadOf, timeTaken } from './tally.js'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** Lengths of a bucket in seconds. The shortest that needs at most `BUCKETS` of them is used. */
const STEPS = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, DAY, 7 * DAY, 30 * DAY]
const BUCKETS = 60
/** The most where their length is given. If there were more, they are longer. */
const MOST_GIVEN = 5000

export interface SeriesOptions {
  /** The launches that will be added, by their ends, newest first. */
  launches: readonly CountedLaunch[]
  /** The end of the last bucket at least, in milliseconds since 1970. */
  until: number
  /** The length of a bucket in seconds. */
  bucket: number | undefined
  /** The time up to which launches have cost something. */
  now: number
}

/** Sums launches up by the time they ended, from the first of them on. */
export function createSeries({ launches, until, bucket, now }: SeriesOptions) {
  const [newest, oldest] = [launches.at(0)?.endedAt, launches.at(-1)?.endedAt]
  if (newest === undefined || oldest === undefined) {
    const nothing = { bucket_seconds: bucket ?? MINUTE, buckets: [] }
    return { add: () => {}, read: async (): Promise<Stats['series']> => nothing }
  }
  // A sender's clock may be ahead of ours.
  const end = Math.max(until, newest)
  const step = stepFor((end - oldest) / 1000, bucket)
  const indexOf = (at: number) => Math.floor(at / 1000 / step)
  const first = indexOf(oldest)
  const buckets = Array.from({ length: indexOf(end) - first + 1 }, () => ({
    ...{ succeeded: 0, failed: 0, terminated: 0 },
    toActive: undefined as Sketch | undefined,
    spent: undefined as number | undefined,
  }))
  return { add, read }

  function add(launch: CountedLaunch): void {
    const { kind, endedAt, instances } = launch
    for (const instance of instances) addMoney(instance)
    const sums = buckets[indexOf(endedAt) - first]
    if (!sums) return
    sums[kind.outcome] += 1
    if (kind.outcome !== 'succeeded') return
    sums.toActive ??= createSketch()
    sums.toActive.add(timeTaken(launch))
  }

  /** What was spent before the first bucket is in that, and nothing is behind the last one. */
  function addMoney(instance: Instance): void {
    const { up, down = now } = instance
    if (up === undefined || spentOn(instance, now) === undefined) return
    const begin = Math.max(0, indexOf(up) - first)
    const last = Math.min(buckets.length - 1, indexOf(Math.min(down, now)) - first)
    for (let i = begin; i <= last; i += 1) {
      const from = i === 0 ? Number.NEGATIVE_INFINITY : (first + i) * step * 1000
      const span = { from, to: (first + i + 1) * step * 1000 }
      const sums = buckets[i]
      if (sums) sums.spent = (sums.spent ?? 0) + spentBetween(instance, span, now)
    }
  }

  async function read(slices: Slices): Promise<Stats['series']> {
    const read: Stats['series']['buckets'] = []
    for (const [i, { toActive, spent, ...outcomes }] of buckets.entries()) {
      read.push({
        from: new Date((first + i) * step * 1000).toISOString(),
        ...outcomes,
        ...(toActive && { time_to_active: spreadOf(toActive) }),
        ...(spent !== undefined && { spent: rounded(spent) }),
      })
      if (slices.isOver()) await slices.next()
    }
    return { bucket_seconds: step, buckets: read }
  }
}

function stepFor(seconds: number, given: number | undefined): number {
  if (given !== undefined) return given * Math.max(1, Math.ceil(seconds / given / MOST_GIVEN))
  return STEPS.find((step) => seconds <= step * BUCKETS) ?? Math.ceil(seconds / BUCKETS)
}
