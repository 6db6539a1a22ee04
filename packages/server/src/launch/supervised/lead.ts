import { text } from 'node:stream/consumers'
import { claimJson, type Supervisor } from './files.js'
import { endSession, type Identity, identify } from './processes.js'

/** What a supervisor works with, once the launch is its own. */
export interface Led<Plan> {
  readonly plan: Plan
  readonly me: Identity
  /** Aborts at SIGTERM, which ends everything that the supervisor has started. */
  readonly ending: AbortSignal
}

/**
 * Makes this process the supervisor of a launch: reads its plan from standard input, and takes charge of
 * its session. Undefined where the launch has a supervisor already.
 */
export async function lead<Plan>(supervisor: string): Promise<Led<Plan> | undefined> {
  // Throws where the server died while it wrote the plan. Nothing was started then.
  const plan = JSON.parse(await text(process.stdin)) as Plan
  const me = identify(process.pid) as Identity
  if (!claimJson(supervisor, { ...me, at: Date.now() } satisfies Supervisor)) return undefined
  const ending = new AbortController()
  process.on('SIGTERM', () => {
    if (!ending.signal.aborted) void endSession(me, { except: me.pid })
    ending.abort()
  })
  // The launch outlives the terminal or session that the server was started from.
  process.on('SIGHUP', () => {})
  process.on('SIGINT', () => {})
  return { plan, me, ending: ending.signal }
}
