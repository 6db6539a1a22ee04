import { pauseFor, stillWanted } from '../../../async/retry.js'
import { SkyApiError } from '../api/error.js'
import type { Intent } from '../api/intent.js'
import { isOver } from '../api/requests.js'
import type { TakeDownOptions } from '../api/take-down.js'
import type { Pace } from '../pace.js'
import { LAUNCH_JOB } from './ask-for-job.js'
import { findJob } from './find-job.js'
import { isJobOver, type ManagedJob } from './managed-job.js'

export interface EndJobOptions extends TakeDownOptions {
  intent: Intent
  pace: Pick<Pace, 'status' | 'settle'>
}

/**
 * Ends a managed job at SkyPilot: the request that launches it, and the job if there is one. Returns when
 * it is over, which it is when its cluster is gone; throws SkyApiError where it is not, or where nobody
 * knows. Idempotent.
 */
export async function endJob(options: EndJobOptions): Promise<void> {
  const { api, cluster: name, id, fresh = false, intent, signal } = options
  const find = () => findJob({ api, name, intent, signal })
  const request = id === undefined ? undefined : await api.request(id, signal)
  const before = await find()
  // A request that goes on when its job exists does nothing that would not be undone with the job.
  if (request && !isOver(request.status) && !before) await api.cancel(request.id, signal)
  const job = before ?? (await find())
  if (!job) return nothingThere()
  await stillWanted(signal)
  if (!isJobOver(job.status)) await cancelJob(job, options)

  async function nothingThere(): Promise<void> {
    if (id !== undefined || !intent.asked()) return
    // Which of these requests is ours is not known, and others' must go on.
    if (!fresh && (await api.going(LAUNCH_JOB, signal)).length === 0 && !(await find())) return
    const why = `the launch of ${name} may have been accepted just now`
    throw new SkyApiError(why, { passes: true })
  }
}

/** Ends the managed jobs of this name, if there are any. Nothing else is known of them. */
export async function endJobsNamed(name: string, options: CancelOptions): Promise<void> {
  const { api, signal } = options
  const jobs = await api.jobs.named(name, signal).catch((error) => {
    // A server that is too old for them has none.
    if (error instanceof SkyApiError && error.status === 404) return []
    throw error
  })
  for (const job of jobs) if (!isJobOver(job.status)) await cancelJob(job, options)
}

type CancelOptions = Pick<EndJobOptions, 'api' | 'pace' | 'signal'>

/** Cancels a job, and returns when it is over. */
async function cancelJob(
  { id, name, status }: ManagedJob,
  { api, pace, signal }: CancelOptions,
): Promise<void> {
  if (status !== 'CANCELLING') {
    const ended = await api.settled(await api.jobs.cancel(id, signal), signal)
    if (ended.status === 'FAILED') {
      const why = `${ended.type} ${ended.message.slice(0, 1000)}`
      const message = `SkyPilot could not cancel the managed job ${name}: ${why}`
      throw new SkyApiError(message, { passes: true, type: ended.type })
    }
  }
  for (;;) {
    const now = await api.jobs.job(id, signal)
    if (!now || isJobOver(now.status)) return
    await pauseFor(pace.status, signal)
  }
}
