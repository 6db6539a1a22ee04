import type { JobEvent, ManagedJob } from './managed-job.js'

/** How often a managed job was started, and why anew. */
export interface Attempts {
  /** The number of the newest attempt. */
  readonly attempt: number
  /** Why the second one began, the third, and so on. */
  readonly causes: readonly (JobEvent | undefined)[]
  /** True while the newest one is only being prepared. */
  readonly isRecovering: boolean
}

/**
 * Counts a job's attempts by its events: one more each time that it is recovered after it ran. A server
 * that keeps no events tells only how often the job has recovered after a failure.
 */
export function attemptsOf(
  { status, recoveries }: ManagedJob,
  events: readonly JobEvent[] | undefined,
): Attempts {
  const isRecovering = status === 'RECOVERING'
  if (!events) {
    const attempt = 1 + recoveries + Number(isRecovering)
    return { attempt, causes: [], isRecovering }
  }
  const causes: JobEvent[] = []
  let before = ''
  for (const event of events) {
    if (event.status !== 'RUNNING' && event.status !== 'RECOVERING') continue
    // A recovery that another one interrupts has not run: both make one attempt.
    if (before === 'RUNNING' && event.status === 'RECOVERING') causes.push(event)
    before = event.status
  }
  // The event comes a moment before the status.
  return {
    attempt: 1 + causes.length,
    causes,
    isRecovering: isRecovering || before === 'RECOVERING',
  }
}
