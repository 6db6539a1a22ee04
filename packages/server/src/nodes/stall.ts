import {
  formatDuration,
  type LogEntry,
  type Phase,
  parseDuration,
} from '@launchtail/client/protocol'
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

const ROUNDED = { parts: 2, decimals: 0 }

/** The message that is logged once when a launch has been silent for too long. */
export function stallNotice(phase: Phase, silence: number, { usual }: Limit): string {
  const told = `No output for ${formatDuration(silence, ROUNDED)} in ${phase}`
  if (usual === undefined) return `${told}, which is longer than expected there`
  return `${told}; launches like this usually take up to ${formatDuration(usual, ROUNDED)} there`
}

const NOTICE =
  /^No output for (\S{2,16}) in [a-z_]{1,32}(?:; launches like this (?:usually take up to (\S{2,16}) there)?|, which is longer )/

/** True if an entry is such a notice, and so is not output of the launch. */
export function isStallNotice({ level, message }: Pick<LogEntry, 'level' | 'message'>): boolean {
  return level === 'warn' && NOTICE.test(message)
}

/** What a notice says, in milliseconds; undefined for any other message. */
export function readStallNotice(
  message: string,
): { silent_for_ms: number; usual_ms?: number } | undefined {
  const [, silence, usual] = NOTICE.exec(message) ?? []
  const silent_for_ms = silence === undefined ? undefined : parseDuration(silence)
  if (silent_for_ms === undefined) return undefined
  const usual_ms = usual === undefined ? undefined : parseDuration(usual)
  return { silent_for_ms, ...(usual_ms !== undefined && { usual_ms }) }
}
