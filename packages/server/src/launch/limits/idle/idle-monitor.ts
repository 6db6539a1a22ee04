import type { Draft } from '@launchtail/client/protocol'
import { type Rounds, startRounds } from '../../../async/rounds.js'
import type { Database } from '../../../database/open.js'
import type { Appender } from '../../../logs/appender.js'
import { offsetName } from '../../offset-name.js'
import { readAsked } from '../../stored-launch.js'
import type { Limits } from '../limits.js'
import { askEngine } from './ask-engine.js'
import {
  afterLook,
  type Idleness,
  idleEnd,
  idleNotice,
  idleStateAt,
  idleUnknown,
} from './idleness.js'

export interface IdleMonitorOptions {
  database: Database
  /** The id of this process: others look after the launches that they run. */
  owner: string
  appender: Pick<Appender, 'appendWhile'>
  terminate: (nodeId: string) => Promise<void>
  closing: AbortSignal
  now: () => Date
  onFault: (message: string, error: unknown) => void
  /** Milliseconds between two looks at an engine. */
  every?: number | undefined
}

interface ActiveLaunch {
  readonly launch_id: string
  readonly node_id: string
  readonly source: string
  readonly request: string
  readonly limits: string | null
  readonly idle: string | null
  readonly endpoint: string | null
}

const EVERY = 30_000
/** After so many looks in vain, the log says that the time-out has no effect. */
const IN_VAIN = 10

/**
 * Takes down nodes that serve nobody for as long as their `idle_timeout`. Since when is stored. A node whose
 * engine does not tell how many requests it has is never idle.
 */
export function startIdleMonitor(options: IdleMonitorOptions): Rounds {
  const { database, owner, appender, terminate, closing, now, onFault, every = EVERY } = options
  /** How many looks at a launch have told nothing, one after the other. */
  const inVain = new Map<string, number>()
  const rounds = startRounds(check, {
    every,
    onFault: (error) => onFault('looking for nodes that serve nobody', error),
  })
  void rounds.now()
  return rounds

  async function check(): Promise<void> {
    const launches = (await activeLaunches()).filter(({ limits }) => timeoutIn(limits) > 0)
    const ids = new Set(launches.map(({ launch_id }) => launch_id))
    for (const id of inVain.keys()) if (!ids.has(id)) inVain.delete(id)
    // Each waits for another machine, and none for the one before.
    await Promise.all(
      launches.map((launch) =>
        look(launch).catch((error) => {
          if (!closing.aborted) onFault(`asking whether ${launch.node_id} serves anybody`, error)
        }),
      ),
    )
  }

  async function look(launch: ActiveLaunch): Promise<void> {
    const { launch_id, node_id, limits, idle, endpoint } = launch
    if (endpoint === null || !URL.canParse(endpoint)) {
      return lookInVain(launch, 'the address of its server is not known')
    }
    const engine = readAsked(launch)?.request.engine
    const load = await askEngine(endpoint, { engine, signal: closing })
    if (load === 'away') return lookInVain(launch, 'this server cannot ask it for /metrics')
    if (!load) {
      await save(launch_id, undefined)
      return lookInVain(launch, 'its /metrics do not tell how many requests it has')
    }
    inVain.delete(launch_id)
    const timeout = timeoutIn(limits)
    const time = now().getTime()
    const before = idle === null ? undefined : (JSON.parse(idle) as Idleness)
    const idleness = afterLook(before, load, time)
    const state = idleStateAt(time, idleness, timeout)
    // The record may not show yet that the launch has ended.
    const tell = (draft: Draft) => appender.appendWhile('active', node_id, [draft])
    if (state === 'over') {
      if (await tell(idleEnd(timeout))) await terminate(node_id)
      return
    }
    const tells = state === 'ending' && !idleness.isTold
    if (tells) await tell(idleNotice(time, idleness, timeout))
    await save(launch_id, tells ? { ...idleness, isTold: true } : idleness)
  }

  /** It may come yet: an engine that has just started, a network that is away. */
  async function lookInVain(launch: ActiveLaunch, why: string): Promise<void> {
    const { launch_id, node_id, source, limits } = launch
    const looks = (inVain.get(launch_id) ?? 0) + 1
    inVain.set(launch_id, looks)
    if (looks !== IN_VAIN) return
    const offset = { name: offsetName(source, 'idle-unknown'), from: 0, to: 1 }
    await appender.appendWhile('active', node_id, [idleUnknown(timeoutIn(limits), why)], { offset })
  }

  async function save(launchId: string, idleness: Idleness | undefined): Promise<void> {
    await database
      .updateTable('launches')
      .set({ idle: idleness === undefined ? null : JSON.stringify(idleness) })
      .where('launch_id', '=', launchId)
      .where('owner', '=', owner)
      .execute()
  }

  function activeLaunches(): Promise<ActiveLaunch[]> {
    return database
      .selectFrom('launches')
      .innerJoin('nodes', 'nodes.node_id', 'launches.node_id')
      .select(['launch_id', 'launches.node_id', 'source', 'request', 'limits', 'idle', 'endpoint'])
      .where('launches.state', 'in', ['starting', 'running'])
      .where('launches.owner', '=', owner)
      .where('launches.limits', 'is not', null)
      .where('nodes.status', '=', 'active')
      .execute()
  }
}

function timeoutIn(limits: string | null): number {
  return (JSON.parse(limits ?? '{}') as Limits).idleTimeout ?? 0
}
