import { childSignal } from '@launchtail/client/async'
import { pauseFor } from '../../../async/retry.js'
import type { Following } from '../api/following.js'
import { raiseBySteps } from '../api/steps.js'
import { managedClusterName } from './cluster-name.js'
import type { JobWatch } from './watch-job.js'
import { stepOfManagedJob } from './words.js'

export interface ManagedJobOptions {
  id: number
  watch: JobWatch
  following: Following
  signal: AbortSignal
}

/**
 * Raises the phase by what SkyPilot says of a managed job and its cluster, until the job runs. A status
 * counts when it was there at the look before, too: the output says more, and comes first.
 */
export async function raiseByStatus({ id, watch, following, signal }: ManagedJobOptions) {
  const { launch, api, pace, raise } = following
  const launching = childSignal(signal)
  const cluster = managedClusterName(launch.clusterName, id)
  // It ends with the signal, and says less than the output where it fails.
  raiseBySteps({ api, cluster, pace, raise, signal: launching.signal }).catch(() => {})
  try {
    for (let before: string | undefined; ; ) {
      await pauseFor(pace.status, signal)
      const now = watch.latest()
      const step = now && now.status === before ? stepOfManagedJob(now) : undefined
      if (step) await raise(step)
      if (step?.phase === 'installing') return
      before = now?.status
    }
  } finally {
    launching.abort()
  }
}
