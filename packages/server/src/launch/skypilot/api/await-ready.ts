import { tunnelTo } from '@launchtail/client/protocol'
import { awaitReadiness, type ReadinessOptions } from '../readiness.js'
import type { Following } from './following.js'

/** Waits until the server on a cluster of a launch that is followed is ready, and says so. */
export function awaitReady(
  following: Following,
  cluster: string,
  { runs, listen, signal }: Pick<ReadinessOptions, 'runs' | 'listen' | 'signal'>,
): Promise<void> {
  const { api, port, opens, report, readiness, state, pace, say } = following
  return awaitReadiness({
    ...{ state, readiness, report, runs, pace, listen, say, signal },
    opens: opens(),
    endpointOf: (stop) => api.endpoint(cluster, port, stop),
    tunnel: (at) => tunnelTo(cluster, at),
    onReady: following.activate,
    onComplaint: following.complain,
  })
}
