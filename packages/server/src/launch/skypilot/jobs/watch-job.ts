import type { SkyApi } from '../api/api.js'
import { type Attempts, attemptsOf } from './attempts.js'
import { isJobOver, type JobEvent, type ManagedJob } from './managed-job.js'

/** A managed job at the moment at which it was asked about. */
export interface JobNow extends Attempts {
  readonly status: string
  readonly reason: string | undefined
  readonly isOver: boolean
}

export interface JobWatch {
  /** Asks now. Undefined where SkyPilot does not know the job any more. */
  look(signal: AbortSignal): Promise<JobNow | undefined>
  /** What was found last. */
  latest(): JobNow | undefined
}

/** Asks about a managed job. Its events are asked for only when something has changed. */
export function watchJob(id: number, { jobs }: Pick<SkyApi, 'jobs'>): JobWatch {
  let known = ''
  let events: readonly JobEvent[] | undefined
  let latest: JobNow | undefined
  return { look, latest: () => latest }

  async function look(signal: AbortSignal): Promise<JobNow | undefined> {
    const job = (await jobs.job(id, signal)) ?? (await jobs.job(id, signal))
    if (!job) {
      latest = undefined
      return undefined
    }
    const now = signOf(job)
    if (now !== known) events = await jobs.events(id, signal)
    known = now
    const { status, reason } = job
    latest = { ...attemptsOf(job, events), status, reason, isOver: isJobOver(status) }
    return latest
  }
}

function signOf({ status, recoveries, recoveredAt }: ManagedJob): string {
  return `${status} ${recoveries} ${recoveredAt}`
}
