import { pauseFor } from '../../../async/retry.js'
import type { Outcome } from '../../launcher.js'
import type { LastLines } from '../../supervised/last-lines.js'
import { failedRequest } from '../api/failed-request.js'
import { type FollowLaunchOptions, followLaunch } from '../api/follow-launch.js'
import { endService } from './end-service.js'
import { followReplica } from './follow-replica.js'
import { bringsUp, readReplicaName } from './replica-name.js'
import type { ServiceWatch } from './watch-services.js'

export interface FollowServiceOptions extends Omit<FollowLaunchOptions, 'onRequest'> {
  watch: ServiceWatch
  last: LastLines
}

/**
 * Follows the request that brings a service up, where it is this launch's, and then its replica. What is left
 * of a replica is SkyServe's affair; a service that does not come up is ended.
 */
export async function followService(options: FollowServiceOptions): Promise<Outcome> {
  const { ask, intent, following, watch, last } = options
  const { launch, api, pace, outage, signal } = following
  const name = readReplicaName(launch.clusterName)
  const follow = (wasUp: boolean) => followReplica({ wasUp, watch, following, last })
  if (!bringsUp(name) || following.isActive()) return follow(false)
  const launched = await followLaunch({ ask, following, intent, onRequest() {} })
  if ('refused' in launched) return { message: launched.refused }
  const { ended } = launched
  if (!ended || ended.status === 'SUCCEEDED') return follow(true)
  const outcome =
    ended.status === 'FAILED'
      ? failedRequest(ended, last)
      : last.outcome('the request that brings the service up was cancelled')
  const end = () => endService({ api, name: name.service, signal })
  while (!(await outage.insist(end, signal))) await pauseFor(pace.status, signal)
  return outcome
}
