import { tunnelTo } from '@launchtail/client/protocol'
import { SkyApiError } from '../api/error.js'
import { isGone } from '../api/requests.js'
import type { QuietOptions } from '../quiet.js'
import { awaitReadiness } from '../readiness.js'
import { managedClusterName } from './cluster-name.js'
import type { ManagedJobOptions } from './raise-by-status.js'

/** Says that a managed job is ready, once it is. */
export function announceReadiness({
  id,
  watch,
  following,
  signal,
  listen,
}: ManagedJobOptions & Pick<QuietOptions, 'listen'>): Promise<void> {
  const { launch, api, port, opens, report, readiness, state, pace, say } = following
  const cluster = managedClusterName(launch.clusterName, id)
  return awaitReadiness({
    ...{ state, readiness, report, runs, pace, listen, say, signal },
    opens: opens(),
    endpointOf: (stop) => api.endpoint(cluster, port, stop),
    tunnel: (at) => tunnelTo(cluster, at),
    onReady: following.activate,
    onComplaint: following.complain,
  })

  /** A managed job is said to be running while it is set up, so its cluster is asked. */
  async function runs(stop: AbortSignal): Promise<boolean> {
    const now = watch.latest()
    if (now?.status !== 'RUNNING' || now.isRecovering) return false
    try {
      return (await api.jobStatus(cluster, null, stop)) === 'RUNNING'
    } catch (error) {
      if (!(error instanceof SkyApiError)) throw error
      // A controller on a machine of its own knows its clusters alone.
      return isGone(error.type)
    }
  }
}
