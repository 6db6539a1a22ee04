import { text } from 'node:stream/consumers'
import { claimJson, type Supervisor } from './files.js'
import { endSession, type Identity, identify } from './processes.js'

/** What a supervisor is, once its launch is its own. */
export interface Led<Plan> {
  readonly plan: Plan
  readonly me: Identity
  /** Aborts at SIGTERM, which ends all that the supervisor has started. */
  readonly ending: AbortSignal
}

/**
 * Makes this process the supervisor of a launch: takes its plan from the standard input, and leads
 * its session. Undefined where the launch has a supervisor already.
 */
export async function lead<Plan>(supervisor: string): Promise<Led<Plan> | undefined> {
  // The server died while it was writing: this throws, and nothing was started.
  const plan = JSON.parse(await text(process.stdin)) as Plan
  const me = identify(process.pid) as Identity
  if (!claimJson(supervisor, { ...me, at: Date.now() } satisfies Supervisor)) return undefined
  const ending = new AbortController()
  process.on('SIGTERM', () => {
    if (!ending.signal.aborted) void endSession(me, { except: me.pid })
    ending.abort()
  })
  // The terminal or session the server was started from is no concern of the launch.
  process.on('SIGHUP', () => {})
  process.on('SIGINT', () => {})
  return { plan, me, ending: ending.signal }
}
