import type { RunningPostgres } from '../support/postgres.js'
import { atEnd, type RunningRedis, type RunningServer, startServer } from '../support/processes.js'
import { startShared } from '../support/shared.js'
import { type Balancer, startBalancer } from './balancer.js'

/** Servers that share their records and their logs, behind one address. */
export interface Fleet {
  readonly replicas: RunningServer[]
  readonly redis: RunningRedis
  readonly postgres: RunningPostgres
  readonly databaseUrl: string
  readonly balancer: Balancer
  /** Starts a server that has ended, on its port. */
  restart(at: number): Promise<void>
}

/**
 * How long a stopping server still serves, and how long its streams take to end. A balancer on a busy machine
 * takes up to two seconds to notice.
 */
const DRAIN = { LAUNCHTAIL_DRAIN: '2s', LAUNCHTAIL_DRAIN_DELAY: '3s' }

export async function startFleet(
  count: number,
  { env: more = {} }: { env?: Readonly<Record<string, string>> } = {},
): Promise<Fleet> {
  const { postgres, redis, env: shared } = await startShared()
  const env = {
    ...shared,
    LAUNCHTAIL_LOG_LEVEL: 'error',
    // All readers come from one address, and with one token.
    LAUNCHTAIL_MAX_STREAMS_PER_ADDRESS: '0',
    LAUNCHTAIL_MAX_STREAMS_PER_TOKEN: '0',
    ...DRAIN,
    ...more,
  }
  const replicas = await Promise.all(Array.from({ length: count }, () => startServer({ env })))
  const ports = replicas.map(({ url }) => Number(new URL(url).port))
  const balancer = await startBalancer(ports)
  atEnd(balancer.close)
  return {
    replicas,
    redis,
    postgres,
    databaseUrl: shared.DATABASE_URL,
    balancer,
    async restart(at) {
      const { dataDir } = replicas[at] as RunningServer
      replicas[at] = await startServer({ env, dataDir, port: ports[at] as number })
    },
  }
}
