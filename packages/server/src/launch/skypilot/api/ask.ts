import { stillWanted } from '../../../async/retry.js'
import type { Pace } from '../pace.js'
import { isOver, type SkyApi, type SkyRequest } from './api.js'
import { SkyApiError } from './http.js'
import type { Intent } from './intent.js'

export type Answer =
  /** It is being launched; `id` is missing where only its cluster was found. */
  | { readonly is: 'taken'; readonly id: string | undefined; readonly version?: string }
  /** It was not launched, and never will be. */
  | { readonly is: 'refused'; readonly why: string }

/** The name of a request that launches a cluster. */
const LAUNCH = 'sky.launch'

export interface AskOptions {
  api: SkyApi
  cluster: string
  yaml: string
  intent: Intent
  pace: Pace
  signal: AbortSignal
}

/**
 * Has SkyPilot launch a cluster, once: what is there already under its name is taken up, as it is
 * where the answer to an earlier attempt was lost. Throws SkyApiError where it is not known how it
 * went; then it is asked again.
 */
export async function askForLaunch(options: AskOptions): Promise<Answer> {
  const { api, cluster, yaml, intent, signal } = options
  const before = intent.asked()
  try {
    const { version } = await api.health(signal)
    const told = version === undefined ? {} : { version }
    const { found, known } = await look(options)
    if (found) return { ...found, ...told }
    await stillWanted(signal)
    if (intent.isCancelled()) return CANCELLED
    if (!before) intent.ask({ at: Date.now(), known })
    const id = await api.launch(yaml, cluster, signal)
    intent.accepted(id)
    return { is: 'taken', id, ...told }
  } catch (error) {
    // What was asked before may have been taken: a refusal now says nothing about that.
    if (!(error instanceof SkyApiError) || error.passes || before) throw error
    return { is: 'refused', why: error.message }
  }
}

const CANCELLED: Answer = { is: 'refused', why: 'the launch was cancelled' }

/** What SkyPilot has under the cluster's name. */
async function look({
  api,
  cluster,
  intent,
  pace,
  signal,
}: AskOptions): Promise<{ found?: Answer; known: string[] }> {
  const requests = await api.requestsOf(cluster, { all: true, signal })
  const launches = requests.filter(({ name }) => name === LAUNCH)
  const known = launches.map(({ id }) => id)
  const going = launches.find(({ status }) => !isOver(status))
  if (going) return { found: taken(going), known }
  if (requests.some(({ name, status }) => name === 'sky.down' && !isOver(status))) {
    throw again(`the cluster ${cluster} is still being taken down`)
  }
  const asked = intent.asked()
  const ours = asked && launches.find(({ id }) => !asked.known.includes(id))
  if (ours) return { found: taken(ours), known }
  if ((await api.cluster(cluster, { signal })) !== undefined) {
    const made = launches.find(({ status }) => status === 'SUCCEEDED')
    return { found: made ? taken(made) : { is: 'taken', id: undefined }, known }
  }
  if (asked && Date.now() - asked.at < pace.settle) {
    throw again(`the launch of ${cluster} may have been accepted just now`)
  }
  return { known }

  function taken({ id }: SkyRequest): Answer {
    intent.accepted(id)
    return { is: 'taken', id }
  }
}

function again(why: string): SkyApiError {
  return new SkyApiError(why, { passes: true })
}
