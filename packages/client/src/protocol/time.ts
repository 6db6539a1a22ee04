/** A point in time to the nanosecond: whole seconds since 1970 and the nanoseconds after them. */
export interface Instant {
  readonly seconds: number
  readonly nanos: number
}

const RFC3339 =
  /^\d{4}-(?:0[1-9]|1[0-2])-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i
/** Where the digits of a fraction begin, and how long the zone is. */
const FRACTION = 20
const OFFSET_LENGTH = 6

/**
 * Reads an RFC 3339 time with 0 to 9 fraction digits, in the years 1970 to 9999 (UTC). Returns
 * undefined for anything else, also for a leap second (`:60`): JavaScript's and Go's own parsers
 * refuse those, so one that is stored would break the readers.
 */
export function parseInstant(text: string): Instant | undefined {
  if (!RFC3339.test(text)) return undefined
  const year = numberAt(text, 0, 4)
  const month = numberAt(text, 5)
  const day = numberAt(text, 8)
  const hour = numberAt(text, 11)
  const minute = numberAt(text, 14)
  const second = numberAt(text, 17)
  const zone = text.length - (/z$/i.test(text) ? 1 : OFFSET_LENGTH)
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second))
  // The 31st of a month with 30 days is read as the 1st of the next, and the years 0 to 99 as 1900 to 1999.
  if (date.getUTCDate() !== day || year < 1969) return undefined
  // Behind a `Z` there is no number.
  const east = numberAt(text, zone + 1) * 3600 + numberAt(text, zone + 4) * 60 || 0
  const seconds = date.getTime() / 1000 - (text[zone] === '-' ? -east : east)
  if (seconds < 0 || seconds > LAST_SECOND) return undefined
  // Without a fraction it is -1, and the number 0.
  const digits = zone - FRACTION
  return { seconds, nanos: numberAt(text, FRACTION, digits) * 10 ** (9 - digits) }
}

/**
 * The number that so many digits make. Every entry that is read has a time, and a match with groups would be an
 * array of texts for each, to be collected again.
 */
function numberAt(text: string, start: number, digits = 2): number {
  let number = 0
  for (let i = start; i < start + digits; i += 1) number = number * 10 + text.charCodeAt(i) - 48
  return number
}

/** 9999-12-31T23:59:59Z. */
const LAST_SECOND = 253_402_300_799

/** Negative, zero or positive as `a` is before, at or after `b`. */
export function compareInstants(a: Instant, b: Instant): number {
  return a.seconds - b.seconds || a.nanos - b.nanos
}

const UNITS: Record<string, number> = {
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
}

/** Reads a duration such as `90s`, `10m`, `1h30m`, `500ms`, `2d` into milliseconds. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(text)) return undefined
  let total = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * (UNITS[unit as string] as number)
  }
  return Number.isSafeInteger(Math.round(total)) ? Math.round(total) : undefined
}

export interface DurationFormat {
  /** How many units at most: `1h20m` has two. Default: as many as it takes. */
  parts?: number
  /** Digits after the point, below a minute. Default 3, which is exact. */
  decimals?: number
}

/** Milliseconds as a person writes them, and as `parseDuration` reads them: `2.5s`, `1h30m`, `3d4h`. */
export function formatDuration(
  ms: number,
  { parts = Number.POSITIVE_INFINITY, decimals = 3 }: DurationFormat = {},
): string {
  const seconds = Number((Math.max(0, ms) / 1000).toFixed(decimals))
  if (seconds < 60) return `${seconds}s`
  const units = Object.entries(UNITS).slice(0, -1)
  const largest = units.findIndex(([, size]) => size <= ms)
  const [, smallest] = units[Math.min(largest + parts, units.length) - 1] as [string, number]
  let rest = Math.round(ms / smallest) * smallest
  return units
    .map(([unit, size]) => {
      const count = Math.floor(rest / size)
      rest -= count * size
      return count === 0 ? '' : `${count}${unit}`
    })
    .join('')
}

/** Reads a `since` parameter: an RFC 3339 time, or a duration back from `now` (ms since 1970). */
export function parseSince(text: string, now: number): Instant | undefined {
  const back = parseDuration(text)
  if (back !== undefined) {
    const ms = Math.max(0, now - back)
    return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 }
  }
  // A `+` that was not escaped in the URL arrives as a blank.
  return parseInstant(text.replace(/ (?=\d{2}:\d{2}$)/, '+'))
}
