import { stillWanted } from '../../../async/retry.js'
import type { SkyApi } from './api.js'
import { SkyApiError } from './error.js'
import { isGone, isOver, LAUNCH } from './requests.js'

export interface TakeDownOptions {
  api: SkyApi
  cluster: string
  /** The launch's request, where it is known. */
  id: string | undefined
  /** True right after the launch was asked for, when SkyPilot may not list it yet. */
  fresh?: boolean
  signal: AbortSignal
}

/**
 * Ends a launch at SkyPilot: its request, and its cluster if there is one. Returns when both are gone;
 * throws SkyApiError where they are not, or where nobody knows. Idempotent.
 */
export async function takeDown({
  api,
  cluster,
  id,
  fresh = false,
  signal,
}: TakeDownOptions): Promise<void> {
  const going = (await api.requestsOf(cluster, { all: false, signal })).filter(
    ({ name, status, id: other }) => !isOver(status) && (other === id || name === LAUNCH),
  )
  for (const request of going) await api.cancel(request.id, signal)
  // A cluster that has only just begun may be listed later than this.
  const exists = async () => (await api.cluster(cluster, { signal })) !== undefined
  if (going.length === 0 && !(await exists())) {
    if (!fresh || id !== undefined) return
    const why = `the launch of ${cluster} may have been accepted just now`
    throw new SkyApiError(why, { passes: true })
  }
  await stillWanted(signal)
  const ended = await api.settled(await api.down(cluster, signal), signal)
  if (ended.status === 'FAILED' && !isGone(ended.type)) {
    const why = `${ended.type} ${ended.message.slice(0, 1000)}`
    const message = `SkyPilot could not take the cluster ${cluster} down: ${why}`
    throw new SkyApiError(message, { passes: true, type: ended.type })
  }
  if (await exists()) {
    throw new SkyApiError(`the cluster ${cluster} is still there`, { passes: true })
  }
}
