import { goesOn, type LogEntry, type Phase, type PhaseTiming } from '@launchtail/client/protocol'

/** A phase that a launch has completed. */
export interface Finished {
  phase: Phase
  ended_at: string
  duration_ms: number
}

/** The launch's phases after one more entry. Unchanged, the array is the same. */
export function timings(phases: PhaseTiming[], { phase, timestamp }: LogEntry): PhaseTiming[] {
  const current = phases.at(-1)
  if (current?.phase === phase) return phases
  const begun: PhaseTiming = { phase, started_at: timestamp }
  if (!current) return [begun]
  const duration = Date.parse(timestamp) - Date.parse(current.started_at)
  const ended = { ...current, ended_at: timestamp, duration_ms: Math.max(0, duration) }
  return [...phases.slice(0, -1), ended, begun]
}

/** Adds the phase that was completed, if one was, between two states of a launch's phases. */
export function finishedBy(
  known: Finished[],
  before: PhaseTiming[],
  after: PhaseTiming[],
): Finished[] {
  const next = after.at(-1)
  const ended = after.at(-2)
  if (before.length === after.length || !next || !ended) return known
  const { phase, ended_at, duration_ms } = ended
  if (!goesOn(phase, next.phase) || !ended_at || duration_ms === undefined) return known
  return [...known, { phase, ended_at, duration_ms }]
}
