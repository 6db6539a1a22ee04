import type { LaunchSummary } from '../protocol/node-launches.js'
import { PHASES, type Phase } from '../protocol/phases.js'
import { formatDuration } from '../protocol/time.js'

/** How long two launches were in a phase, in milliseconds; undefined where one was not in it. */
export interface PhaseTimes {
  readonly phase: Phase
  readonly left: number | undefined
  readonly right: number | undefined
}

/** The time that each launch was in each phase. A launch may be in a phase several times. */
export function timesOf(left: LaunchSummary, right: LaunchSummary): readonly PhaseTimes[] {
  const [ofLeft, ofRight] = [sumsOf(left), sumsOf(right)]
  return PHASES.map((phase) => ({
    phase,
    left: ofLeft.get(phase),
    right: ofRight.get(phase),
  })).filter((times) => times.left !== undefined || times.right !== undefined)
}

function sumsOf({ phases }: LaunchSummary): Map<Phase, number> {
  const sums = new Map<Phase, number>()
  for (const { phase, duration_ms } of phases) {
    sums.set(phase, (sums.get(phase) ?? 0) + duration_ms)
  }
  return sums
}

/** Which launch took longer, by how many milliseconds, and which phase took most of that. */
export interface Slower {
  readonly side: 'left' | 'right'
  readonly by: number
  readonly phase: Phase
  /** How much longer it was in that phase. */
  readonly inPhase: number
}

/**
 * The launch that took longer. If one of them failed, only the phases that both have completed count.
 * Undefined if they took the same time, to a second.
 */
export function slowerOf(left: LaunchSummary, right: LaunchSummary): Slower | undefined {
  const isWhole = left.outcome === 'succeeded' && right.outcome === 'succeeded'
  const differences = timesOf(left, right)
    .filter((times) => isWhole || (times.left !== undefined && times.right !== undefined))
    .map((times) => ({ phase: times.phase, by: (times.right ?? 0) - (times.left ?? 0) }))
  const sum = differences.reduce((total, { by }) => total + by, 0)
  if (Math.abs(sum) < 1000) return undefined
  const sign = Math.sign(sum)
  const [most] = differences.sort((a, b) => sign * (b.by - a.by))
  if (!most) return undefined
  const side = sign > 0 ? 'right' : 'left'
  return { side, by: Math.abs(sum), phase: most.phase, inPhase: Math.abs(most.by) }
}

/** Answers in one sentence why one launch was slower. `names` are those of the left and the right one. */
export function whySlower(
  left: LaunchSummary,
  right: LaunchSummary,
  names: readonly [left: string, right: string],
): string {
  const slower = slowerOf(left, right)
  if (!slower) return `${names[0]} and ${names[1]} took the same time.`
  const [one, other] = slower.side === 'right' ? [names[1], names[0]] : names
  const { phase, by, inPhase } = slower
  const most = `${phase.replaceAll('_', ' ')} took ${written(inPhase)} longer`
  return `${one} was ${written(by)} slower than ${other}: ${most}.`
}

function written(ms: number): string {
  return formatDuration(ms, { parts: 2, decimals: 0 })
}
