import { childSignal } from '@launchtail/client/async'
import { canDoWithoutPorts, saysNoPorts, WITHOUT_PORTS } from '../opens-ports.js'
import type { Answer } from './ask-once.js'
import { followRequest } from './follow-request.js'
import type { Following } from './following.js'
import type { Intent } from './intent.js'
import type { SkyResult } from './requests.js'
import { raiseBySteps } from './steps.js'

export interface FollowLaunchOptions {
  /** Finds the request's id, or asks for the launch. */
  ask: (signal: AbortSignal) => Promise<Answer>
  following: Following
  intent: Intent
  /** Called with the id of the request that is followed. */
  onRequest: (id: string | undefined) => void
}

export type Launched =
  /** Why it was not launched, and never will be. */
  | { readonly refused: string }
  /** How the request ended; undefined where SkyPilot does not know it. */
  | { readonly ended: SkyResult | undefined }

/** Asks for the launch and follows its request; once more without ports where the place opens none. */
export async function followLaunch(options: FollowLaunchOptions): Promise<Launched> {
  const { following, intent } = options
  const { launch, api, pace, raise } = following
  const refused = intent.refused()
  if (refused) await followRequest(refused.id, following, { kept: refused.lines, keep() {} })
  const raising = childSignal(following.signal)
  const steps = { api, cluster: launch.clusterName, pace, raise, signal: raising.signal }
  // Nothing else ends because of it: the output says more.
  raiseBySteps(steps).catch(() => {})
  try {
    return await askAndFollow(options)
  } finally {
    raising.abort()
  }
}

async function askAndFollow(options: FollowLaunchOptions): Promise<Launched> {
  const { ask, following, intent, onRequest } = options
  const answer = await following.outage.insist(() => ask(following.signal), following.signal)
  if (answer.is === 'refused') return { refused: answer.why }
  const { id } = answer
  onRequest(id)
  if (id === undefined) return { ended: undefined }
  const ended = await followRequest(id, following, { kept: intent.lines(), keep: intent.ended })
  const isPorts = ended?.status === 'FAILED' && saysNoPorts(ended.message)
  const isFirst = intent.refused() === undefined
  if (!isPorts || !isFirst || !canDoWithoutPorts(following.launch.request)) return { ended }
  await following.say(WITHOUT_PORTS)
  intent.refuse({ id, lines: intent.lines() ?? 0 })
  onRequest(undefined)
  return askAndFollow(options)
}
