import { LEVELS, type Level } from '@launchtail/client/protocol'

export type LevelCounts = Record<Level, number>

export interface Bucket extends LevelCounts {
  /** Milliseconds since 1970. */
  readonly from: number
}

/** Lengths of a bucket in seconds, each a multiple of the one before. */
const STEPS = [1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600, 7 * 24 * 3600]
/** As many buckets as a picture has room for. */
const MOST = 60
/** The most where their length is given. */
const MOST_GIVEN = 5000

/** Counts by time and level. The buckets grow with the time that they cover, unless that is given. */
export function createHistogram(given: number | undefined) {
  let step = given ?? STEPS[0] ?? 1
  let buckets = new Map<number, LevelCounts>()
  let [oldest, newest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  return { add, read }

  function add(ms: number, level: Level): void {
    const second = Math.floor(ms / 1000)
    oldest = Math.min(oldest, second)
    newest = Math.max(newest, second)
    while (isTooFine()) coarsen()
    countsAt(Math.floor(second / step))[level] += 1
  }

  function isTooFine(): boolean {
    return given === undefined ? newest - oldest > step * MOST : buckets.size > MOST_GIVEN
  }

  function coarsen(): void {
    const before = buckets
    const finer = step
    step = STEPS.find((one) => one > finer && one % finer === 0) ?? finer * 2
    buckets = new Map()
    for (const [bucket, counts] of before) {
      const sums = countsAt(Math.floor((bucket * finer) / step))
      for (const level of LEVELS) sums[level] += counts[level]
    }
  }

  function countsAt(bucket: number): LevelCounts {
    const known = buckets.get(bucket) ?? { debug: 0, info: 0, warn: 0, error: 0 }
    buckets.set(bucket, known)
    return known
  }

  /** Those that are not empty, in order, and the length of each in seconds. */
  function read(): { step: number; buckets: Bucket[] } {
    const sorted = [...buckets].sort(([a], [b]) => a - b)
    return { step, buckets: sorted.map(([n, counts]) => ({ from: n * step * 1000, ...counts })) }
  }
}
