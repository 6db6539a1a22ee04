import { SkyApiError } from '../api/error.js'
import type { SkyHttp } from '../api/http.js'
import type { SkyRequests } from '../api/request-calls.js'
import { unlikeApiServer } from '../api/unlike.js'
import { type JobEvent, jobEventsIn, type ManagedJob, managedJobsIn } from './managed-job.js'

/** The calls of the API server that managed jobs need. */
export interface ManagedJobs {
  /** The request's id, as soon as the server has taken it. The job has the name that its task has. */
  launch(task: string, name: string, signal?: AbortSignal): Promise<string>
  /** The jobs of this name, those that are over too; the newest first. */
  named(name: string, signal: AbortSignal): Promise<ManagedJob[]>
  /** One job, or undefined where SkyPilot knows of none (any more). */
  job(id: number, signal: AbortSignal): Promise<ManagedJob | undefined>
  /** What became of a job, the newest last; undefined where the server does not keep that. */
  events(id: number, signal: AbortSignal): Promise<JobEvent[] | undefined>
  /** Asks for a job to be cancelled, and returns the request's id. */
  cancel(id: number, signal: AbortSignal): Promise<string>
  /** The output of a job's newest attempt from its beginning, and on, through its recoveries. */
  output(id: number, signal: AbortSignal): AsyncGenerator<Buffer, void>
}

export interface ManagedJobsOptions extends Pick<SkyRequests, 'schedule' | 'value'> {
  http: Pick<SkyHttp, 'origin' | 'stream'>
  caller: object
  /** Milliseconds without a byte after which an output counts as cut. */
  silence: number
}

/** What is asked of a job. Without it, SkyPilot adds the task and looks at the job's cluster. */
const FIELDS = [
  ...['job_id', 'job_name', 'status', 'recovery_count', 'last_recovered_at'],
  'failure_reason',
]

export function managedJobs({
  schedule,
  value,
  http,
  caller,
  silence,
}: ManagedJobsOptions): ManagedJobs {
  return { launch, named, job, events, cancel, output }

  function launch(task: string, name: string, signal?: AbortSignal): Promise<string> {
    return schedule('/jobs/launch', { task, name }, signal)
  }

  async function named(name: string, signal: AbortSignal): Promise<ManagedJob[]> {
    // SkyPilot takes a part of a name, too.
    const found = await queue({ name_match: name }, signal)
    return found.filter((job) => job.name === name).sort((a, b) => b.id - a.id)
  }

  async function job(id: number, signal: AbortSignal): Promise<ManagedJob | undefined> {
    return (await queue({ job_ids: [id] }, signal)).find((job) => job.id === id)
  }

  async function queue(which: object, signal: AbortSignal): Promise<ManagedJob[]> {
    const body = { refresh: false, skip_finished: false, all_users: true, fields: FIELDS, ...which }
    try {
      const jobs = managedJobsIn(await value('/jobs/queue/v2', body, signal))
      if (!jobs) throw unlikeApiServer(http.origin)
      return jobs
    } catch (error) {
      // There is no controller, or it has stopped since it has no jobs.
      if (error instanceof SkyApiError && /\bClusterNotUpError\b/.test(error.type ?? '')) return []
      throw error
    }
  }

  async function events(id: number, signal: AbortSignal): Promise<JobEvent[] | undefined> {
    try {
      return jobEventsIn(await value('/jobs/events', { job_id: id, limit: null }, signal))
    } catch (error) {
      if (error instanceof SkyApiError && error.status === 404) return undefined
      throw error
    }
  }

  function cancel(id: number, signal: AbortSignal): Promise<string> {
    return schedule('/jobs/cancel', { job_ids: [id] }, signal)
  }

  function output(id: number, signal: AbortSignal): AsyncGenerator<Buffer, void> {
    const body = { ...caller, job_id: id, follow: true, controller: false, refresh: false }
    return http.stream({ method: 'POST', path: '/jobs/logs', body, signal, silence })
  }
}
