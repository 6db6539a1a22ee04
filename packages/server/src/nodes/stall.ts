import type { LogEntry, Phase } from '@launchtail/client/protocol'
import { ENOUGH, type Past, percentile } from './past.js'

/** A launch stalls when it is silent for this many times as long as the whole phase usually takes. */
const FACTOR = 3
/** Even a phase that usually takes a moment may be silent for this long, in milliseconds. */
const SHORTEST = 60_000

const MINUTE = 60_000

/** How long a launch may be silent in each phase while too little is known of past launches. */
export const SILENCE: Partial<Record<Phase, number>> = {
  queued: 10 * MINUTE,
  // A cloud prints nothing until the machine is ready.
  provisioning: 20 * MINUTE,
  instance_ready: 10 * MINUTE,
  // A large package, or a wheel that has to be built, is a single line.
  installing: 15 * MINUTE,
  // Without a terminal, a download of weights shows no progress bar.
  model_loading: 30 * MINUTE,
  health_check: 10 * MINUTE,
}

export interface Limit {
  /** Milliseconds. */
  readonly silence: number
  /** How long the phase usually takes at most; undefined if too little is known. */
  readonly usual?: number
}

/** How long a launch may be silent in this phase; undefined for a phase in which it is over. */
export function limitOf(phase: Phase, past: Past): Limit | undefined {
  const fixed = SILENCE[phase]
  if (fixed === undefined) return undefined
  const durations = past.map((group) => group[phase] ?? []).find(({ length }) => length >= ENOUGH)
  if (!durations) return { silence: fixed }
  const usual = percentile(durations, 95)
  return { silence: Math.max(SHORTEST, FACTOR * usual), usual }
}

/** The message that is logged once when a launch has been silent for too long. */
export function stallNotice(phase: Phase, silence: number, { usual }: Limit): string {
  const told = `No output for ${duration(silence)} in ${phase}`
  if (usual === undefined) return `${told}, which is longer than expected there`
  return `${told}; launches like this usually take up to ${duration(usual)} there`
}

const NOTICE = /^No output for \S{2,16} in [a-z_]{1,32}(?:; launches like this |, which is longer )/

/** True if an entry is such a notice, and so is not output of the launch. */
export function isStallNotice({ level, message }: Pick<LogEntry, 'level' | 'message'>): boolean {
  return level === 'warn' && NOTICE.test(message)
}

/** As a person writes it: `45s`, `3m`, `2m30s`, `12m`, `1h05m`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes >= 60) return `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`
  const rest = minutes < 10 ? seconds % 60 : 0
  return rest === 0 ? `${minutes}m` : `${minutes}m${two(rest)}s`
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
