import { stillWanted } from '../../../async/retry.js'
import type { Answer, AskOptions } from '../api/ask.js'
import { SkyApiError } from '../api/error.js'
import { isJobOver, type ManagedJob } from './managed-job.js'

/** The name of a request that launches a managed job. It does not tell which one. */
export const LAUNCH_JOB = 'sky.jobs.launch'

/** Without an id: the job is there, and is found by its name. */
const THERE: Answer = { is: 'taken', id: undefined }

/**
 * Has SkyPilot launch a managed job, once. Where the answer to an earlier attempt was lost, the job is
 * found by its name. Throws SkyApiError where it is not known how it went; then call it again.
 */
export async function askForJob(options: AskOptions): Promise<Answer> {
  const { api, cluster: name, yaml, intent, signal } = options
  const before = intent.asked()
  try {
    await api.health(signal)
    const { found, known } = await look(options)
    if (found) return found
    await stillWanted(signal)
    if (intent.isCancelled()) return { is: 'refused', why: 'the launch was cancelled' }
    if (!before) intent.ask({ at: Date.now(), known })
    const id = await api.jobs.launch(yaml, name, signal)
    intent.accepted(id)
    return { is: 'taken', id }
  } catch (error) {
    // An earlier attempt may have been taken. A refusal of this one says nothing about that.
    if (!(error instanceof SkyApiError) || error.passes || before) throw error
    return { is: 'refused', why: error.message }
  }
}

/** Looks for a job of this name that is ours. `known` are those that are not. */
async function look({
  api,
  cluster: name,
  intent,
  pace,
  signal,
}: AskOptions): Promise<{ found?: Answer; known: string[] }> {
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

function again(why: string): SkyApiError {
  return new SkyApiError(why, { passes: true })
}
