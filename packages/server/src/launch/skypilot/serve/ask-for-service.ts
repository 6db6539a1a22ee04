import { type Answer, type AskOptions, again, askOnce, type Looked } from '../api/ask-once.js'

/** The name of a request that brings a service up. It does not tell which one. */
export const UP = 'sky.serve.up'

export interface AskForServiceOptions extends Omit<AskOptions, 'cluster'> {
  /** The service's name. Nothing else ever has it: it is made anew for each launch of a group. */
  service: string
}

/** Has SkyServe bring a service up, once. One that is there is ours, and is taken up. */
export function askForService({ service, ...options }: AskForServiceOptions): Promise<Answer> {
  return askOnce(
    { ...options, cluster: service },
    { look, send: ({ api, yaml, signal }) => api.services.up(yaml, service, signal) },
  )
}

async function look({ api, cluster: name, intent, pace, signal }: AskOptions): Promise<Looked> {
  const asked = intent.asked()
  if (!asked) return { known: [] }
  // Before the service: a request that has ended meanwhile has made it. Any that goes on may be ours.
  const isGoing = (await api.going(UP, signal)).length > 0
  if (await api.services.service(name, signal)) {
    return { found: { is: 'taken', id: undefined }, known: [] }
  }
  if (isGoing || Date.now() - asked.at < pace.settle) {
    throw again(`the service ${name} may have been accepted just now`)
  }
  return { known: [] }
}
