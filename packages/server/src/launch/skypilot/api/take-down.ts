import { stillWanted } from '../../../async/retry.js'
import { isGone, isOver, type SkyApi } from './api.js'
import { SkyApiError } from './http.js'

export interface TakeDownOptions {
  api: SkyApi
  cluster: string
  /** The launch's request, where it is known. */
  id: string | undefined
  /** Whether it was asked for just now, so that it may show only in a moment. */
  fresh?: boolean
  signal: AbortSignal
}

/**
 * Ends a launch at SkyPilot: the request, and whatever cluster there is. Returns when both are gone;
 * throws SkyApiError where they are not, or nobody knows. Idempotent.
 */
export async function takeDown({
  api,
  cluster,
  id,
  fresh = false,
  signal,
}: TakeDownOptions): Promise<void> {
  const going = (await api.requestsOf(cluster, { all: false, signal })).filter(
    ({ name, status, id: other }) => !isOver(status) && (other === id || name === 'sky.launch'),
  )
  for (const request of going) await api.cancel(request.id, signal)
  // The record of a cluster that is only just begun may come later than this question.
  const there = async () => (await api.cluster(cluster, { signal })) !== undefined
  if (going.length === 0 && !(await there())) {
    if (!fresh || id !== undefined) return
    const why = `the launch of ${cluster} may have been accepted just now`
    throw new SkyApiError(why, { passes: true })
  }
  await stillWanted(signal)
  const ended = await api.settled(await api.down(cluster, signal), signal)
  if (ended.status === 'FAILED' && !isGone(ended.type)) {
    throw new SkyApiError(
      `SkyPilot could not take the cluster ${cluster} down: ${ended.type} ${ended.message.slice(0, 1000)}`,
      { passes: true, type: ended.type },
    )
  }
  if (await there()) {
    throw new SkyApiError(`the cluster ${cluster} is still there`, { passes: true })
  }
}
