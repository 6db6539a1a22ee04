/** The longest pause that a `Retry-After` can ask for, in milliseconds. */
const LONGEST_ASKED = 3_600_000

/** The pause that a `Retry-After` asks for, in milliseconds; undefined if it is neither seconds nor a date. */
export function askedPause(retryAfter: string | undefined, now: number): number | undefined {
  if (retryAfter === undefined) return undefined
  const text = retryAfter.trim()
  const ms = /^\d{1,9}(?:\.\d{1,9})?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(0, Math.ceil(ms)), LONGEST_ASKED)
}
