import type { Draft } from '@launchtail/client/protocol'
import { type Rounds, startRounds } from '../../async/rounds.js'
import type { Database } from '../../database/open.js'
import type { Appender } from '../../logs/appender.js'
import { offsetName } from '../offset-name.js'
import { lifetimeAt, noticeEntry, overEntry } from './lifetime.js'
import type { Limits } from './limits.js'

export interface LimitMonitorOptions {
  database: Database
  /** The id of this process: others look after the launches that they run. */
  owner: string
  appender: Pick<Appender, 'appendWhile'>
  terminate: (nodeId: string) => Promise<void>
  now: () => Date
  onFault: (message: string, error: unknown) => void
  /** Milliseconds between two rounds. */
  every?: number | undefined
}

interface ActiveLaunch {
  readonly node_id: string
  readonly source: string
  readonly limits: string | null
  /** When the node became active. */
  readonly started_at: string
}

const EVERY = 5000

/**
 * Takes down nodes whose lifetime is over. When that is follows from what is stored, the limit and the time
 * at which the node became active, so nothing is forgotten while this server is away.
 */
export function startLimitMonitor(options: LimitMonitorOptions): Rounds {
  const { database, owner, appender, terminate, now, onFault, every = EVERY } = options
  const rounds = startRounds(check, {
    every,
    onFault: (error) => onFault('looking for nodes whose lifetime is over', error),
  })
  void rounds.now()
  return rounds

  async function check(): Promise<void> {
    for (const launch of await activeLaunches()) {
      await look(launch).catch((error) => {
        onFault(`looking after the lifetime of ${launch.node_id}`, error)
      })
    }
  }

  async function look({ node_id, source, limits, started_at }: ActiveLaunch): Promise<void> {
    const { maxLifetime } = JSON.parse(limits ?? '{}') as Limits
    if (maxLifetime === undefined) return
    const lifetime = lifetimeAt(now().getTime(), Date.parse(started_at), maxLifetime)
    if (lifetime.is === 'under way') return
    const isOver = lifetime.is === 'over'
    const draft: Draft = isOver ? overEntry(maxLifetime) : noticeEntry(lifetime, maxLifetime)
    // Each is said once, whoever says it. The record may not show yet that the launch has ended.
    const offset = { name: offsetName(source, isOver ? 'over' : 'notice'), from: 0, to: 1 }
    const isActive = await appender.appendWhile('active', node_id, [draft], { offset })
    if (isOver && isActive) await terminate(node_id)
  }

  function activeLaunches(): Promise<ActiveLaunch[]> {
    return database
      .selectFrom('launches')
      .innerJoin('nodes', 'nodes.node_id', 'launches.node_id')
      .innerJoin('phases', 'phases.node_id', 'launches.node_id')
      .select(['launches.node_id', 'launches.source', 'launches.limits', 'phases.started_at'])
      .where('launches.state', 'in', ['starting', 'running'])
      .where('launches.owner', '=', owner)
      .where('launches.limits', 'is not', null)
      .where('nodes.status', '=', 'active')
      .where('phases.phase', '=', 'active')
      .where('phases.ended_at', 'is', null)
      .execute()
  }
}
