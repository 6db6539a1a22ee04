import { type Instant, parseDuration, parseInstant } from '../protocol/time.js'

/** From the instant `start`, up to `end` without that. An instant by itself ends where it starts. */
export interface Moment {
  readonly start: Instant
  readonly end: Instant
}

const DAY = 86_400

/** Reads a time by the rules of the language; undefined for what is none. `now` is in ms since 1970. */
export function momentOf(text: string, now: number): Moment | undefined {
  const today = Math.floor(now / 1000 / DAY) * DAY
  if (text === 'now') return instant(instantAt(now))
  if (text === 'today') return dayFrom(today)
  if (text === 'yesterday') return dayFrom(today - DAY)
  if (text.startsWith('-')) {
    const back = parseDuration(text.slice(1))
    return back === undefined ? undefined : instant(instantAt(Math.max(0, now - back)))
  }
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) {
    const midnight = parseInstant(`${text}T00:00:00Z`)
    return midnight && dayFrom(midnight.seconds)
  }
  const exact = parseInstant(text)
  return exact && instant(exact)
}

/** True for a time that is another one at each request. */
export function isRelative(text: string): boolean {
  return /^(?:now|today|yesterday|-.*)$/.test(text)
}

/** True for a time that is a point and no stretch. */
export function isInstant({ start, end }: Moment): boolean {
  return start === end
}

function instant(at: Instant): Moment {
  return { start: at, end: at }
}

function dayFrom(seconds: number): Moment {
  return { start: { seconds, nanos: 0 }, end: { seconds: seconds + DAY, nanos: 0 } }
}

function instantAt(ms: number): Instant {
  const seconds = Math.floor(ms / 1000)
  return { seconds, nanos: Math.round((ms - seconds * 1000) * 1_000_000) }
}
