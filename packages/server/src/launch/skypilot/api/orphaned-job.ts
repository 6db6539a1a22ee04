import { formatDuration } from '@launchtail/client/protocol'
import { pauseFor } from '../../../async/retry.js'
import { SkyApiError } from './error.js'
import { type Following, isMissing } from './following.js'

/**
 * Waits for the job of a launch whose request SkyPilot no longer knows. Returns undefined once the job
 * can be followed, and otherwise why there will never be one.
 *
 * An API server forgets all requests when it starts, and does not go on with launches that were killed
 * along with it: their clusters stay as they are, for good. Only if its workers outlived it may they
 * still finish such a launch.
 */
export async function awaitOrphanedJob(following: Following): Promise<string | undefined> {
  const { launch, pace, signal } = following
  const cluster = launch.clusterName
  if (await isMissing(following)) {
    return `SkyPilot knows neither the launch nor a cluster ${cluster} any more`
  }
  const since = performance.now()
  while (!following.isActive() && (await hasNoJob(following))) {
    if (performance.now() - since >= pace.orphan) {
      const time = formatDuration(pace.orphan, { parts: 1 })
      return `SkyPilot no longer knows the launch, as after a restart of its API server, and the cluster ${cluster} had no job ${time} later`
    }
    await pauseFor(pace.status, signal)
  }
  return undefined
}

/** False where it cannot be told. */
async function hasNoJob({ launch, api, outage, signal }: Following): Promise<boolean> {
  try {
    const ask = () => api.jobStatus(launch.clusterName, null, signal)
    return (await outage.insist(ask, signal, ({ type }) => type === undefined)) === undefined
  } catch (error) {
    if (!(error instanceof SkyApiError) || error.type === undefined) throw error
    // Such a cluster is still being launched.
    return /\bClusterNotUpError\b/.test(error.type)
  }
}
