const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/**
 * The pauses between the attempts to deliver a message, in milliseconds: ten attempts within 23 hours.
 * The first come soon, because a message that somebody waits for is late after five minutes.
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

/** By this share a pause is longer or shorter, so that messages do not come back all at once. */
const JITTER = 0.2
/** The longest pause that a receiver may ask for. */
const LONGEST_ASKED = HOUR

/** The pause after so many attempts; undefined if there are to be no more. */
export function pauseAfter(attempts: number, random: () => number): number | undefined {
  const pause = PAUSES[attempts - 1]
  return pause === undefined ? undefined : Math.round(pause * (1 + JITTER * (2 * random() - 1)))
}

/** The pause that a `Retry-After` asks for, in seconds or as a date; undefined if it is neither. */
export function askedPause(retryAfter: string | undefined, now: number): number | undefined {
  if (retryAfter === undefined) return undefined
  const text = retryAfter.trim()
  const ms = /^\d{1,9}(?:\.\d{1,9})?$/.test(text) ? Number(text) * SECOND : Date.parse(text) - now
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, Math.ceil(ms)), LONGEST_ASKED)
}
