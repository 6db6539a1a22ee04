import { formatDuration } from '@launchtail/client/protocol'

/** A duration at a glance: `7s`, `4m10s`, `2h5m`, `3d4h`. */
export function span(ms: number): string {
  return formatDuration(ms, { parts: 2, decimals: 0 })
}

export const TIME_STYLES = ['local', 'utc', 'since start'] as const
export type TimeStyle = (typeof TIME_STYLES)[number]

/** A line's time in a style; `at` and `start` are ms since 1970. */
export function timeOf(at: number, style: TimeStyle, start: number): string {
  if (Number.isNaN(at)) return '–'
  if (style === 'utc') return new Date(at).toISOString().slice(11, 23)
  if (style === 'since start') return sinceStart(at - start)
  const date = new Date(at)
  const [hours, minutes, seconds] = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two)
  return `${hours}:${minutes}:${seconds}.${String(date.getMilliseconds()).padStart(3, '0')}`
}

function sinceStart(ms: number): string {
  const whole = Math.abs(ms)
  const hours = Math.floor(whole / 3_600_000)
  const minutes = two(Math.floor(whole / 60_000) % 60)
  const seconds = two(Math.floor(whole / 1000) % 60)
  const tenth = Math.floor(whole / 100) % 10
  return `${ms < 0 ? '-' : '+'}${hours > 0 ? `${hours}:` : ''}${minutes}:${seconds}.${tenth}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

/** A point in time at a glance: the day and the minute. */
export function dayAndTime(text: string): string {
  return new Date(text).toLocaleString(undefined, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  })
}

/** A point in time in full, for a title. */
export function moment(text: string): string {
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? text : `${date.toLocaleString()} (${text})`
}
