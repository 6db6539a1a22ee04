import { stillWanted } from '../../../async/retry.js'
import type { Pace } from '../pace.js'
import type { SkyApi } from './api.js'
import { SkyApiError } from './error.js'
import type { Intent } from './intent.js'
import { isOver, LAUNCH, type SkyRequest } from './requests.js'

export type Answer =
  /** It is being launched. `id` is undefined where only its cluster was found. */
  | { readonly is: 'taken'; readonly id: string | undefined }
  /** It was not launched, and never will be. */
  | { readonly is: 'refused'; readonly why: string }

export interface AskOptions {
  api: SkyApi
  cluster: string
  yaml: string
  intent: Intent
  pace: Pace
  signal: AbortSignal
}

/**
 * Has SkyPilot launch a cluster, once. Where a launch or a cluster of that name exists already, because
 * the answer to an earlier attempt was lost, it is taken up. Throws SkyApiError where it is not known
 * how it went; then call it again.
 */
export async function askForLaunch(options: AskOptions): Promise<Answer> {
  const { api, cluster, yaml, intent, signal } = options
  const before = intent.asked()
  try {
    await api.health(signal)
    const { found, known } = await look(options)
    if (found) return found
    await stillWanted(signal)
    if (intent.isCancelled()) return { is: 'refused', why: 'the launch was cancelled' }
    if (!before) intent.ask({ at: Date.now(), known })
    const id = await api.launch(yaml, cluster, signal)
    intent.accepted(id)
    return { is: 'taken', id }
  } catch (error) {
    // An earlier attempt may have been taken. A refusal of this one says nothing about that.
    if (!(error instanceof SkyApiError) || error.passes || before) throw error
    return { is: 'refused', why: error.message }
  }
}

/** Looks for a launch, or else a cluster, of this name. `known` are the launches that are not ours. */
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
