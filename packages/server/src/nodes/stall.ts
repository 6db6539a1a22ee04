import { type LogEntry, type Phase, phaseOrder } from '@launchtail/client/protocol'

/** How long a phase took in past launches, in milliseconds, the shortest first. */
export type Durations = Partial<Record<Phase, readonly number[]>>

/** A group of past launches each, those most like the one at hand first. */
export type Past = readonly Durations[]

/** So many launches make a usual one. */
export const ENOUGH = 5
/** Silence is told of when it lasts so many times what the phase as a whole usually takes at most. */
const TIMES = 3
/** A phase that usually takes a moment may still take this long. */
const LEAST = 60_000

const MINUTE = 60_000

/** How long nothing may come in a phase of whose past nothing is known. */
export const SILENCE: Partial<Record<Phase, number>> = {
  queued: 10 * MINUTE,
  // A cloud that has the machine ready only after a while says nothing until then.
  provisioning: 20 * MINUTE,
  instance_ready: 10 * MINUTE,
  // A large package, or a wheel that is built, is one line.
  installing: 15 * MINUTE,
  // Weights that are fetched without a terminal show no bar.
  model_loading: 30 * MINUTE,
  health_check: 10 * MINUTE,
}

export interface Limit {
  /** Milliseconds. */
  readonly silence: number
  /** What the phase usually takes at most; undefined where too little is known. */
  readonly usual?: number
}

/** How long nothing may come in this phase; undefined in one that is no step of a launch. */
export function limitOf(phase: Phase, past: Past): Limit | undefined {
  const fixed = SILENCE[phase]
  if (fixed === undefined) return undefined
  const durations = past.map((group) => group[phase] ?? []).find(({ length }) => length >= ENOUGH)
  if (!durations) return { silence: fixed }
  const usual = percentile(durations, 95)
  return { silence: Math.max(LEAST, TIMES * usual), usual }
}

/**
 * How long a launch may still take that has been in this phase for `elapsed` milliseconds: the
 * middle of what those took from here that got as far, and of the phases they went through next.
 */
export function etaSeconds(phase: Phase, elapsed: number, past: Past): number | undefined {
  const group = past.find((durations) => (durations[phase]?.length ?? 0) >= ENOUGH)
  const here = group?.[phase]
  if (!group || !here) return undefined
  const longer = here.filter((duration) => duration > elapsed)
  let rest = longer.length > 0 ? percentile(longer, 50) - Math.max(0, elapsed) : 0
  for (const [later, durations] of Object.entries(group)) {
    // One that most launches did without is not waited for.
    const usual = durations.length >= Math.max(ENOUGH, here.length / 2)
    if (usual && phaseOrder(later as Phase) > phaseOrder(phase)) rest += percentile(durations, 50)
  }
  return Math.round(rest / 1000)
}

/** The smallest of the sorted numbers that so many percent do not exceed. */
export function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? 0
}

/** What is said, once, when nothing has come for too long. */
export function stallNotice(phase: Phase, silence: number, { usual }: Limit): string {
  const told = `No output for ${duration(silence)} in ${phase}`
  if (usual === undefined) return `${told}, which is longer than expected there`
  return `${told}; launches like this usually take up to ${duration(usual)} there`
}

const NOTICE = /^No output for \S{2,16} in [a-z_]{1,32}(?:; launches like this |, which is longer )/

/** Whether an entry is such a notice, which is no output. */
export function isStallNotice({ level, message }: Pick<LogEntry, 'level' | 'message'>): boolean {
  return level === 'warn' && NOTICE.test(message)
}

/** As a person says it: `45s`, `3m`, `2m30s`, `12m`, `1h05m`. */
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
