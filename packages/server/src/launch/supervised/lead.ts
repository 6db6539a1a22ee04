import { text } from 'node:stream/consumers'
import { claimJson, filesOf, type Supervisor } from './files.js'
import { markText } from './mark.js'
import { endFamily, type Identity, identify } from './processes.js'

/** What a supervisor works with, once the launch is its own. */
export interface Led<Plan> {
  readonly plan: Plan
  /** Aborts at SIGTERM, which ends everything that the supervisor has started. */
  readonly ending: AbortSignal
  /** Ends everything that the supervisor has started. */
  endAll(): Promise<void>
}

export interface LeadOptions {
  /** True where all that the launch's programs start belongs to the launch. */
  descendants: boolean
}

/**
 * Makes this process the supervisor of a launch: reads its plan from standard input, and takes charge of
 * its session. Undefined where the launch has a supervisor already.
 */
export async function lead<Plan>(
  folder: string,
  { descendants }: LeadOptions,
): Promise<Led<Plan> | undefined> {
  // Throws where the server died while it wrote the plan. Nothing was started then.
  const plan = JSON.parse(await text(process.stdin)) as Plan
  const me = identify(process.pid) as Identity
  const { supervisor } = filesOf(folder)
  if (!claimJson(supervisor, { ...me, at: Date.now() } satisfies Supervisor)) return undefined
  const family = { leader: me, mark: markText(folder), descendants }
  const endAll = () => endFamily(family, { except: me.pid })
  const ending = new AbortController()
  process.on('SIGTERM', () => {
    if (!ending.signal.aborted) void endAll()
    ending.abort()
  })
  // The launch outlives the terminal or session that the server was started from.
  process.on('SIGHUP', () => {})
  process.on('SIGINT', () => {})
  return { plan, ending: ending.signal, endAll }
}
