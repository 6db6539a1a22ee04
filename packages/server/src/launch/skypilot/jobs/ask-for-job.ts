import { type Answer, type AskOptions, again, askOnce, type Looked } from '../api/ask-once.js'
import { isJobOver, type ManagedJob } from './managed-job.js'

/** The name of a request that launches a managed job. It does not tell which one. */
export const LAUNCH_JOB = 'sky.jobs.launch'

/** Without an id: the job is there, and is found by its name. */
const THERE: Answer = { is: 'taken', id: undefined }

/** Has SkyPilot launch a managed job, once. One of that name that is ours is taken up. */
export function askForJob(options: AskOptions): Promise<Answer> {
  return askOnce(options, {
    look,
    send: ({ api, cluster, yaml, signal }) => api.jobs.launch(yaml, cluster, signal),
  })
}

/** Looks for a job of this name that is ours. `known` are those that are not. */
async function look({ api, cluster: name, intent, pace, signal }: AskOptions): Promise<Looked> {
  const asked = intent.asked()
  // Before the jobs: a request that has ended meanwhile has made its job. Any that goes on may be ours.
  const isGoing = asked !== undefined && (await api.going(LAUNCH_JOB, signal)).length > 0
  const jobs = await api.jobs.named(name, signal)
  const known = jobs.map(({ id }) => String(id))
  if (jobs.some(({ status }) => status === 'CANCELLING')) {
    throw again(`the managed job ${name} is still being cancelled`)
  }
  const isOurs = ({ id, status }: ManagedJob) =>
    !isJobOver(status) || (asked !== undefined && !asked.known.includes(String(id)))
  if (jobs.some(isOurs)) return { found: THERE, known }
  if (isGoing || (asked && Date.now() - asked.at < pace.settle)) {
    throw again(`the launch of ${name} may have been accepted just now`)
  }
  return { known }
}
