import { clusterLost, jobEnded } from '../endings.js'
import { SkyApiError } from './error.js'
import { type Following, isMissing } from './following.js'
import { isGone } from './requests.js'
import { stepOfJob } from './steps.js'

/** Job statuses that end a job. An unknown status counts as going on. */
const ENDED = new Set(['SUCCEEDED', 'FAILED', 'FAILED_SETUP', 'FAILED_DRIVER', 'CANCELLED'])

/** Asks whether a job is over, and returns why; undefined while it goes on. */
export function createJobWatch(job: number | null, following: Following) {
  const { launch, api, pace, signal } = following
  let looked = performance.now()
  let before: string | undefined
  return async (): Promise<string | undefined> => {
    let status: string | undefined
    try {
      status = await api.jobStatus(launch.clusterName, job, signal)
    } catch (error) {
      // SkyPilot answers and cannot say: the cluster may be gone.
      if (!(error instanceof SkyApiError) || error.type === undefined) throw error
      return lostCluster(isGone(error.type))
    }
    if (status !== undefined && ENDED.has(status)) return reasonOf(status)
    // The output says more, and comes first: a status counts when it was there at the look before, too.
    const step = status !== undefined && status === before ? stepOfJob(status) : undefined
    before = status
    if (step) await following.raise(step)
    return performance.now() - looked < pace.cluster ? undefined : lostCluster(false)
  }

  async function lostCluster(fresh: boolean): Promise<string | undefined> {
    looked = performance.now()
    return (await isMissing(following, { fresh })) ? clusterLost(launch) : undefined
  }

  function reasonOf(status: string): string {
    if (status === 'FAILED_SETUP') return `setup failed: the job ended with status ${status}`
    return jobEnded(status, following.isActive())
  }
}
