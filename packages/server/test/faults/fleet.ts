import type { RunningPostgres } from '../support/postgres.js'
import { atEnd, type RunningServer, startServer } from '../support/processes.js'
import { startShared } from '../support/shared.js'
import { type Balancer, startBalancer } from './balancer.js'
import { type FleetRedis, type RedisKind, startFleetRedis } from './redis.js'

/** Servers that share their records and their logs, behind one address. */
export interface Fleet {
  readonly replicas: RunningServer[]
  readonly redis: FleetRedis
  readonly postgres: RunningPostgres
  readonly databaseUrl: string
  readonly balancer: Balancer
  /** Starts a server that has ended, on its port; of another version, where a program is given. */
  restart(at: number, program?: string): Promise<void>
}

export interface FleetOptions {
  /** What the servers run, where it is not the command built here. */
  readonly program?: string
  readonly redis?: RedisKind
  readonly env?: Readonly<Record<string, string>>
}

/**
 * How long a stopping server still serves, and how long its streams take to end. A balancer on a busy machine
 * takes up to two seconds to notice.
 */
const DRAIN = { LAUNCHTAIL_DRAIN: '2s', LAUNCHTAIL_DRAIN_DELAY: '3s' }

export async function startFleet(
  count: number,
  { program, redis: kind = 'alone', env: more = {} }: FleetOptions = {},
): Promise<Fleet> {
  const { postgres, redis, env: shared } = await startShared(() => startFleetRedis(kind))
  const env = {
    ...shared,
    LAUNCHTAIL_LOG_LEVEL: 'error',
    // All readers come from one address, and with one token.
    LAUNCHTAIL_MAX_STREAMS_PER_ADDRESS: '0',
    LAUNCHTAIL_MAX_STREAMS_PER_TOKEN: '0',
    ...DRAIN,
    LAUNCHTAIL_REDIS_WAIT: String(redis.wait),
    ...more,
  }
  const given = program === undefined ? { env } : { env, program }
  const replicas = await Promise.all(Array.from({ length: count }, () => startServer(given)))
  const ports = replicas.map(({ url }) => Number(new URL(url).port))
  const balancer = await startBalancer(ports)
  atEnd(balancer.close)
  return {
    replicas,
    redis,
    postgres,
    databaseUrl: shared.DATABASE_URL,
    balancer,
    async restart(at, other) {
      const { dataDir } = replicas[at] as RunningServer
      const same = { env, dataDir, port: ports[at] as number }
      replicas[at] = await startServer(other === undefined ? same : { ...same, program: other })
    },
  }
}
