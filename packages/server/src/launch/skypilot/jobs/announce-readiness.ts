import { awaitReady } from '../api/await-ready.js'
import { SkyApiError } from '../api/error.js'
import { isGone } from '../api/requests.js'
import type { QuietOptions } from '../quiet.js'
import { managedClusterName } from './cluster-name.js'
import type { ManagedJobOptions } from './raise-by-status.js'

/**
 * How often in a row the API server must not know a job's cluster before the job's own status is believed:
 * a controller on a machine of its own keeps its clusters to itself. One that is lost was known before.
 */
const ELSEWHERE = 4
/** How often a job is seen to run before its log is not waited for any more: SkyPilot looks every 15 s. */
const LATE = 12

export interface AnnounceOptions extends ManagedJobOptions, Pick<QuietOptions, 'listen'> {
  /** The attempt that the log has come to. */
  begun: () => number
  /** True once the log has a line. */
  hasLog: () => boolean
}

/** Says that a managed job is ready, once it is. */
export function announceReadiness({
  id,
  watch,
  following,
  signal,
  listen,
  begun,
  hasLog,
}: AnnounceOptions): Promise<void> {
  const { launch, api } = following
  const cluster = managedClusterName(launch.clusterName, id)
  let unknown = 0
  let seen = 0
  return awaitReady(following, cluster, { runs, listen, signal })

  async function runs(stop: AbortSignal): Promise<boolean> {
    if (!(await isRunning(stop))) return false
    seen += 1
    // The log tells what came before, and begins later than the job.
    if (!hasLog() && seen < LATE) return false
    // The cluster may be another attempt's by now, which has to be opened first.
    return (await watch.look(stop))?.attempt === begun()
  }

  /** A managed job is said to be running while it is set up, so its cluster is asked. */
  async function isRunning(stop: AbortSignal): Promise<boolean> {
    const now = watch.latest()
    if (now?.status !== 'RUNNING' || now.isRecovering) return false
    try {
      const status = await api.jobStatus(cluster, null, stop)
      unknown = Number.NEGATIVE_INFINITY
      return status === 'RUNNING'
    } catch (error) {
      if (!(error instanceof SkyApiError)) throw error
      if (isGone(error.type)) unknown += 1
      return unknown > ELSEWHERE
    }
  }
}
