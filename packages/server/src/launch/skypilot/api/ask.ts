import { type Answer, type AskOptions, again, askOnce, type Looked } from './ask-once.js'
import { isOver, LAUNCH, type SkyRequest } from './requests.js'

/** Has SkyPilot launch a cluster, once. A launch or a cluster of that name that is there already is taken up. */
export function askForLaunch(options: AskOptions): Promise<Answer> {
  return askOnce(options, {
    look,
    send: ({ api, cluster, yaml, signal }) => api.launch(yaml, cluster, signal),
  })
}

/** Looks for a launch, or else a cluster, of this name. `known` are the launches that are not ours. */
async function look({ api, cluster, intent, pace, signal }: AskOptions): Promise<Looked> {
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
