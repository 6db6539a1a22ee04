import { withDeadline } from '@launchtail/client/async'
import { stillWanted } from '../../../async/retry.js'
import { FIRST_API_THAT_ENDS_TASKS, keepsTasks } from '../slurm-tasks.js'
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
  const find = () => api.cluster(cluster, { signal })
  const found = going.length === 0 ? await find() : undefined
  if (going.length === 0 && !found) {
    if (!fresh || id !== undefined) return
    const why = `the launch of ${cluster} may have been accepted just now`
    throw new SkyApiError(why, { passes: true })
  }
  await stillWanted(signal)
  if (found && keepsTasks(found)) await endTasks({ api, cluster, signal })
  const ended = await api.settled(await api.down(cluster, signal), signal)
  if (ended.status === 'FAILED' && !isGone(ended.type)) {
    const why = `${ended.type} ${ended.message.slice(0, 1000)}`
    const message = `SkyPilot could not take the cluster ${cluster} down: ${why}`
    throw new SkyApiError(message, { passes: true, type: ended.type })
  }
  if (await find()) {
    throw new SkyApiError(`the cluster ${cluster} is still there`, { passes: true })
  }
}

/** Milliseconds that this may take. The cluster is taken down in any case. */
const END_TASKS = 60_000

/** Ends what still runs on a Slurm cluster; see `slurm-tasks.ts`. */
async function endTasks({
  api,
  cluster,
  signal,
}: Pick<TakeDownOptions, 'api' | 'cluster' | 'signal'>): Promise<void> {
  const { apiVersion = 0 } = await api.health(signal)
  if (apiVersion >= FIRST_API_THAT_ENDS_TASKS) return
  try {
    await withDeadline(END_TASKS, signal, async (within) =>
      api.settled(await api.cancelJobs(cluster, within), within),
    )
  } catch {
    // SkyPilot reports nothing about it either: what matters is that the cluster is taken down.
    signal.throwIfAborted()
  }
}
