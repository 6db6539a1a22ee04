import type { SkyApi } from '../api/api.js'
import type { Intent } from '../api/intent.js'
import { isJobOver, type ManagedJob } from './managed-job.js'

export interface FindJobOptions {
  api: Pick<SkyApi, 'jobs'>
  /** The job's name. */
  name: string
  intent: Pick<Intent, 'asked'>
  signal: AbortSignal
}

/** The managed job of a launch, by its name; those of that name that were there before are others. */
export async function findJob({
  api,
  name,
  intent,
  signal,
}: FindJobOptions): Promise<ManagedJob | undefined> {
  const known = intent.asked()?.known ?? []
  const jobs = (await api.jobs.named(name, signal)).filter(({ id }) => !known.includes(String(id)))
  return jobs.find(({ status }) => !isJobOver(status)) ?? jobs[0]
}
