import type { LaunchOutcome, PastLaunch, Stats } from '@launchtail/client/protocol'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** Lengths of a bucket in seconds. The shortest that needs at most `BUCKETS` of them is used. */
const STEPS = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, DAY, 7 * DAY, 30 * DAY]
const BUCKETS = 60

/** Counts how launches ended, from the first of them until now. */
export function overTime(launches: readonly PastLaunch[], now: number): Stats['over_time'] {
  const ends = launches.map(({ ended_at, outcome }) => ({ at: Date.parse(ended_at), outcome }))
  const [newest, oldest] = [ends.at(0), ends.at(-1)]
  if (!newest || !oldest) return { bucket_seconds: MINUTE, buckets: [] }
  // A sender's clock may be ahead of ours.
  const until = Math.max(now, newest.at)
  const seconds = (until - oldest.at) / 1000
  const step = STEPS.find((step) => seconds <= step * BUCKETS) ?? Math.ceil(seconds / BUCKETS)
  const bucketOf = (at: number) => Math.floor(at / 1000 / step)
  const first = bucketOf(oldest.at)
  const buckets = Array.from({ length: bucketOf(until) - first + 1 }, (_, i) => ({
    from: new Date((first + i) * step * 1000).toISOString(),
    ...({ succeeded: 0, failed: 0, terminated: 0 } satisfies Record<LaunchOutcome, number>),
  }))
  for (const { at, outcome } of ends) {
    const bucket = buckets[bucketOf(at) - first]
    if (bucket) bucket[outcome] += 1
  }
  return { bucket_seconds: step, buckets }
}
