import { fields, numberOf, text } from '../api/fields.js'

/** A managed job as SkyPilot lists it. Any field may be missing in one version or another. */
export interface ManagedJob {
  readonly id: number
  readonly name: string
  readonly status: string
  /** How often it has recovered after a failure. */
  readonly recoveries: number
  /** Seconds since 1970. It changes with each recovery, whatever that was for. */
  readonly recoveredAt: number | undefined
  /** Why it failed. */
  readonly reason: string | undefined
}

/** What became of a managed job at some moment. */
export interface JobEvent {
  readonly status: string
  readonly reason: string | undefined
  readonly code: string | undefined
}

const ENDED = new Set([
  ...['SUCCEEDED', 'CANCELLED', 'FAILED', 'FAILED_SETUP'],
  ...['FAILED_PRECHECKS', 'FAILED_NO_RESOURCE', 'FAILED_CONTROLLER'],
])

/** True where a managed job in this status is over. An unknown status counts as going on. */
export function isJobOver(status: string): boolean {
  return ENDED.has(status)
}

/** The answer of the queue: a page of jobs, or a bare list; undefined where it is neither. */
export function managedJobsIn(value: unknown): ManagedJob[] | undefined {
  const list = Array.isArray(value) ? value : fields(value).jobs
  if (!Array.isArray(list)) return undefined
  return list.map(fields).flatMap((job) => {
    const id = numberOf(job.job_id)
    if (id === undefined) return []
    return {
      id,
      name: text(job.job_name) ?? '',
      status: text(job.status)?.replace(/^ManagedJobStatus\./, '') ?? '',
      recoveries: numberOf(job.recovery_count) ?? 0,
      recoveredAt: numberOf(job.last_recovered_at),
      reason: text(job.failure_reason) || undefined,
    }
  })
}

/** A job's events, the oldest first. SkyPilot gives the newest first where it is given a limit. */
export function jobEventsIn(value: unknown): JobEvent[] {
  if (!Array.isArray(value)) return []
  const events = value.map(fields).map(({ new_status, reason, code, timestamp }) => ({
    status: text(new_status) ?? '',
    reason: text(reason),
    code: text(code),
    at: String(timestamp ?? ''),
  }))
  return events.sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)))
}

/** From a launch's result: `{job_id}`, where the id is one of a list in newer versions. */
export function managedJobIdIn(value: unknown): number | undefined {
  const { job_id } = fields(value)
  return numberOf(Array.isArray(job_id) ? job_id[0] : job_id)
}
