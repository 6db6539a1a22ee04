import type { LaunchWord } from '../../../ingest/launch-line.js'
import type { Outcome, Replica } from '../../launcher.js'
import type { LastLines } from '../../supervised/last-lines.js'

/** How far a launch has come at least while its replica has this status. */
export function stepOfReplica({ status, detail }: Replica): LaunchWord | undefined {
  if (status === 'PROVISIONING') {
    const what = detail === undefined ? '' : ` (${detail.slice(0, 500)})`
    return {
      message: `SkyServe launches the replica${what}.`,
      ...{ phase: 'provisioning', progress: 15 },
    }
  }
  if (status !== 'STARTING') return undefined
  return { message: 'The replica was launched, and starts.', phase: 'installing', progress: 61 }
}

export const NOT_READY: LaunchWord = {
  level: 'warn',
  message: 'The replica does not answer SkyServe’s readiness probe any more',
}

export const READY_AGAIN: LaunchWord = {
  message: 'The replica answers SkyServe’s readiness probe again',
}

/** Why a replica that is over has failed. */
export function replicaFailed({ id, status }: Replica, last: LastLines): Outcome {
  const said = `SkyServe: replica ${id} is ${status}`
  const outcome = last.outcome(`${said}${WHY[status] ?? ''}`)
  return status === 'PREEMPTED' ? { ...outcome, code: 'preempted' } : outcome
}

/** As in SkyServe's own list of statuses. */
const WHY: Readonly<Record<string, string>> = {
  FAILED: ': its setup or run failed',
  FAILED_INITIAL_DELAY: ': it was not ready within its initial delay',
  FAILED_PROBING: ': it did not answer the readiness probe any more',
  FAILED_PROVISION: ': no machine could be launched for it',
  FAILED_CLEANUP: ': its cluster could not be taken down; look whether it is still there',
  PREEMPTED: ': its machine was taken away; SkyServe replaces it',
}
