import type { LaunchWord } from '../../../ingest/launch-line.js'
import { openingEntry } from '../../../logs/attempt-entries.js'
import { jobEnded } from '../endings.js'
import type { JobEvent } from './managed-job.js'
import type { JobNow } from './watch-job.js'

/** Opens a further attempt. */
export function openingOf(number: number, cause: JobEvent | undefined): LaunchWord {
  const isPreempted = cause?.code !== 'USER_JOB_FAILURE'
  return openingEntry({ number, isPreempted, reason: cause?.reason?.slice(0, 1000) })
}

/** How far a launch has come at least while its job has this status. */
export function stepOfManagedJob({ status, isRecovering }: JobNow): LaunchWord | undefined {
  if (status === 'STARTING' || isRecovering) {
    return { message: 'The job’s cluster is being launched.', phase: 'provisioning', progress: 15 }
  }
  if (status !== 'RUNNING') return undefined
  return { message: 'The job was submitted to its cluster.', phase: 'installing', progress: 61 }
}

/** Why a managed job is over. Where it never came to run, SkyPilot's own reason says more. */
export function managedJobEnded({ status, reason }: JobNow, active: boolean): string[] {
  const [first = '', ...more] = (reason ?? '').split('\n').filter((line) => line.trim() !== '')
  if (status === 'FAILED_SETUP') {
    return [`setup failed: the job ended with status ${status}`, first, ...more]
  }
  const ended = jobEnded(status, active)
  const isOwn = ['FAILED_PRECHECKS', 'FAILED_NO_RESOURCE', 'FAILED_CONTROLLER'].includes(status)
  return isOwn && first !== '' ? [first.trim(), ended, ...more] : [ended, first, ...more]
}
