/** A point in time to the nanosecond: whole seconds since 1970 and the nanoseconds after them. */
export interface Instant {
  readonly seconds: number
  readonly nanos: number
}

/**
 * Reads an RFC 3339 time with 0 to 9 fraction digits, in the years 1970 to 9999 (UTC). Returns
 * undefined for anything else, also for a leap second (`:60`): JavaScript's and Go's own parsers
 * refuse those, so one that is stored would break the readers.
 */
export function parseInstant(text: string): Instant | undefined {
  // By hand: every entry that is read has a time, and the groups of a pattern cost far more.
  if (!RFC3339.test(text)) return undefined
  const year = numberAt(text, 0, 4)
  const month = numberAt(text, 5, 2)
  const day = numberAt(text, 8, 2)
  const hour = numberAt(text, 11, 2)
  const minute = numberAt(text, 14, 2)
  const second = numberAt(text, 17, 2)
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const inUtc = isUtc(text)
  const zone = text.length - (inUtc ? 1 : OFFSET_LENGTH)
  const offset = inUtc ? 0 : offsetAt(text, zone)
  if (offset === undefined) return undefined
  const seconds = Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - offset
  // Date.UTC reads the years 0 to 99 as 1900 to 1999.
  if (year < 1969 || seconds < 0 || seconds > LAST_SECOND) return undefined
  const digits = Math.max(0, zone - FRACTION)
  return { seconds, nanos: numberAt(text, FRACTION, digits) * 10 ** (9 - digits) }
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/
/** Where the digits of a fraction begin. */
const FRACTION = '1970-01-01T00:00:00.'.length
const OFFSET_LENGTH = '+00:00'.length

function isUtc(text: string): boolean {
  return text.endsWith('Z') || text.endsWith('z')
}

/** Seconds east of Greenwich. */
function offsetAt(text: string, start: number): number | undefined {
  const hours = numberAt(text, start + 1, 2)
  const minutes = numberAt(text, start + 4, 2)
  if (hours > 23 || minutes > 59) return undefined
  return (hours * 3600 + minutes * 60) * (text[start] === '-' ? -1 : 1)
}

/** The number that so many digits make. */
function numberAt(text: string, start: number, digits: number): number {
  let number = 0
  for (let at = start; at < start + digits; at += 1)
    number = number * 10 + text.charCodeAt(at) - ZERO
  return number
}

const ZERO = '0'.charCodeAt(0)

const LAST_SECOND = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function daysIn(year: number, month: number): number {
  const leaps = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month === 2 && leaps ? 29 : (DAYS[month - 1] as number)
}

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
