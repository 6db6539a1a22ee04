import { activeEntry } from '../logs/end-entries.js'
import type { RawLine } from '../output/lines.js'

/** A line of a launch's output. */
export interface LaunchLine extends RawLine {
  /** The line's meaning, if the launcher itself wrote the line. */
  readonly word?: LaunchWord
  /**
   * The offset behind this line. Without it, lines are counted, which an output does not allow whose
   * beginning may be gone when it is read again.
   */
  readonly position?: number
}

/** A launcher's own statement about its launch: a probe succeeded, say. */
export interface LaunchWord {
  readonly level?: 'info' | 'warn' | 'error'
  readonly message: string
  readonly phase?:
    | 'provisioning'
    | 'instance_ready'
    | 'installing'
    | 'model_loading'
    | 'health_check'
    | 'active'
  readonly progress?: number
  readonly details?: string
}

/** Appended when the node's server answers for the first time. */
export const CHECKING: LaunchWord = {
  message: 'Running health checks...',
  phase: 'health_check',
  progress: 85,
}

/**
 * Appended when the server at this address is ready. What else belongs to it, such as that it cannot be
 * reached from here, is in further lines of the details.
 */
export function readyAt(base: string, more: readonly string[] = []): LaunchWord {
  return activeEntry([base, ...more].join('\n'))
}

/** Appended when a job runs that is not asked whether it is ready. */
export const JOB_RUNS: LaunchWord = {
  message: 'The job is running.',
  phase: 'active',
  progress: 100,
}
