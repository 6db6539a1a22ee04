import type { LogEntry } from './entry.js'
import { isTerminal, type Phase, phaseOrder } from './phases.js'

/** Where a launch is: its phase, and the highest progress it has reached, in percent. */
export interface LaunchState {
  readonly phase: Phase
  readonly progress: number
}

/** Where a node is that has never been launched. */
export const NOT_LAUNCHED: LaunchState = { phase: 'queued', progress: 0 }

/** True if an entry of phase `phase` after one of phase `before` starts a new launch. */
export function beginsLaunch(before: Phase, phase: Phase): boolean {
  return isTerminal(before) && !isTerminal(phase)
}

/** True if `phase` is an earlier step than `before`. Within a launch, no entry goes back. */
export function goesBack(before: Phase, phase: Phase): boolean {
  return phaseOrder(phase) < phaseOrder(before)
}

/** True if a launch that enters `phase` has completed `before`: a failure completes no phase. */
export function goesOn(before: Phase, phase: Phase): boolean {
  return phase !== 'failed' && phaseOrder(phase) > phaseOrder(before)
}

/**
 * Progress never goes back within a launch: the progress an entry counts for, given the launch's
 * state before it. An entry that starts a new launch starts from 0.
 */
export function clampProgress(
  launch: LaunchState,
  { phase, progress = 0 }: Pick<LogEntry, 'phase' | 'progress'>,
): number {
  return Math.max(beginsLaunch(launch.phase, phase) ? 0 : launch.progress, progress)
}

/** The launch's state after an entry. */
export function foldLaunch(
  launch: LaunchState,
  entry: Pick<LogEntry, 'phase' | 'progress'>,
): LaunchState {
  return { phase: entry.phase, progress: clampProgress(launch, entry) }
}
