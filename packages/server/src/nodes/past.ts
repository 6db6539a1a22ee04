import { type Phase, phaseOrder } from '@launchtail/client/protocol'

/** How long a phase took in past launches, in milliseconds, in ascending order. */
export type Durations = Partial<Record<Phase, readonly number[]>>

/** Groups of past launches, the group most like the launch at hand first. */
export type Past = readonly Durations[]

/** The fewest launches from which a phase's usual duration is known. */
export const ENOUGH = 5

/**
 * The seconds that a launch is still expected to take, after `elapsed` milliseconds in this phase: the
 * median of what is left of this phase, and of each later phase.
 */
export function etaSeconds(phase: Phase, elapsed: number, past: Past): number | undefined {
  const group = past.find((durations) => (durations[phase]?.length ?? 0) >= ENOUGH)
  const here = group?.[phase]
  if (!group || !here) return undefined
  const longer = here.filter((duration) => duration > elapsed)
  let rest = longer.length > 0 ? percentile(longer, 50) - Math.max(0, elapsed) : 0
  for (const [later, durations] of Object.entries(group)) {
    // A phase that most launches skipped is not counted.
    const usual = durations.length >= Math.max(ENOUGH, here.length / 2)
    if (usual && phaseOrder(later as Phase) > phaseOrder(phase)) rest += percentile(durations, 50)
  }
  return Math.round(rest / 1000)
}

/** The smallest of the sorted numbers that is not exceeded by this percentage of them. */
export function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? 0
}
