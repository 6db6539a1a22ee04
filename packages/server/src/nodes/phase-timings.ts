import { goesOn, type LogEntry, type Phase, type PhaseTiming } from '@launchtail/client/protocol'

/** A phase that a launch has completed. */
export interface Finished {
  phase: Phase
  ended_at: string
  duration_ms: number
}

/**
 * The most phases that are kept of a launch: its first, from which it is counted, and the newest. One
 * that goes to and fro would otherwise have as many as its list has entries, in each of its records.
 */
const MOST = 200
/** The most that are kept of what has been completed since the record was read. */
const MOST_FINISHED = 500

/** The launch's phases after one more entry. Unchanged, the array is the same. */
export function timings(phases: PhaseTiming[], { phase, timestamp }: LogEntry): PhaseTiming[] {
  const current = phases.at(-1)
  if (current?.phase === phase) return phases
  const begun: PhaseTiming = { phase, started_at: timestamp }
  if (!current) return [begun]
  const duration = Date.parse(timestamp) - Date.parse(current.started_at)
  const ended = { ...current, ended_at: timestamp, duration_ms: Math.max(0, duration) }
  const before = phases.length < MOST ? phases.slice(0, -1) : without(phases)
  return [...before, ended, begun]
}

function without([first, , ...later]: PhaseTiming[]): PhaseTiming[] {
  return first ? [first, ...later.slice(0, -1)] : []
}

/** Adds the phase that was completed, if one was, between two states of a launch's phases. */
export function finishedBy(
  known: Finished[],
  before: PhaseTiming[],
  after: PhaseTiming[],
): Finished[] {
  const next = after.at(-1)
  const ended = after.at(-2)
  if (before === after || !next || !ended) return known
  const { phase, ended_at, duration_ms } = ended
  if (!goesOn(phase, next.phase) || !ended_at || duration_ms === undefined) return known
  return withNewest(known, { phase, ended_at, duration_ms })
}

/** With one more, and without the oldest where there are too many: a save stores all of them at once. */
export function withNewest<T>(known: T[], one: T): T[] {
  return [...known.slice(1 - MOST_FINISHED), one]
}
