import type { Database } from '../../database/open.js'
import type { Health } from '../../logs/health-entry.js'
import { askedAt } from '../probe-url.js'
import type { AskOptions } from '../readiness/ask-server.js'
import { readinessOf } from '../readiness/readiness.js'
import { readRequest } from '../stored-launch.js'

/** The server of an active node, which is asked whether it is healthy. */
export interface HealthTarget {
  readonly nodeId: string
  /** The address it is known by. A node whose address changes is another target. */
  readonly endpoint: string
  /** How it is asked. It takes a while to find out. */
  readonly how: () => Pick<AskOptions, 'base' | 'readiness' | 'mark'>
  /** As the record has it. */
  readonly health: Health | undefined
}

/**
 * The active nodes of this server's launches whose endpoint it reaches, and those that were sent in with
 * a `ready_url`. An address that somebody else merely wrote into a log is not asked.
 */
export function createHealthTargets({ database, key }: { database: Database; key: Buffer }) {
  return async (): Promise<HealthTarget[]> => [...(await launched()), ...(await sentIn())]

  async function launched(): Promise<HealthTarget[]> {
    const rows = await database
      .selectFrom('nodes')
      .innerJoin('launches', 'launches.node_id', 'nodes.node_id')
      .select(['nodes.node_id', 'nodes.endpoint', 'nodes.health'])
      .select(['launches.launch_id', 'launches.launcher', 'launches.secrets'])
      .where('nodes.status', '=', 'active')
      .where('nodes.endpoint', 'is not', null)
      .where(({ or, eb }) => or([eb('nodes.reachable', 'is', null), eb('nodes.reachable', '=', 1)]))
      .where('launches.state', '=', 'running')
      .execute()
    return rows.map(({ node_id: nodeId, endpoint, launcher, health, ...row }) => ({
      nodeId,
      endpoint: endpoint ?? '',
      health: healthOf(health),
      how() {
        const request = readRequest(row, key)
        return {
          base: (endpoint ?? '').replace(/\/+$/, ''),
          readiness: readinessOf(request ?? UNREADABLE),
          mark: launcher === 'local' ? 'address' : 'query',
        }
      },
    }))
  }

  async function sentIn(): Promise<HealthTarget[]> {
    const rows = await database
      .selectFrom('nodes')
      .innerJoin('sent_in', 'sent_in.node_id', 'nodes.node_id')
      .select(['nodes.node_id', 'nodes.health', 'sent_in.ready_url'])
      .where('nodes.status', '=', 'active')
      .where('sent_in.ready_url', 'is not', null)
      .execute()
    return rows.map(({ node_id: nodeId, health, ready_url }) => ({
      nodeId,
      endpoint: ready_url ?? '',
      health: healthOf(health),
      how: () => ({ ...askedAt(ready_url ?? ''), mark: 'query' }),
    }))
  }
}

/** A request that was stored with another key: its server is asked at the known paths. */
const UNREADABLE = { provider: '', region: '', gpu: '' }

function healthOf(text: string | null): Health | undefined {
  return text === null ? undefined : (JSON.parse(text) as Health)
}
