const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/**
 * The pauses between delivery attempts, in milliseconds: ten attempts within 23 hours. The first ones are
 * short, because an alert that arrives after five minutes is late.
 */
export const PAUSES: readonly number[] = [
  5 * SECOND,
  30 * SECOND,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
]

/** Pauses vary by this share, so that retries do not all arrive at once. */
const JITTER = 0.2
/** The pause after this many attempts; undefined after the last one. */
export function pauseAfter(attempts: number, random: () => number): number | undefined {
  const pause = PAUSES[attempts - 1]
  return pause === undefined ? undefined : Math.round(pause * (1 + JITTER * (2 * random() - 1)))
}
