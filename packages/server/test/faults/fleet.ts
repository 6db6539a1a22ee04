import { startPostgres } from '../support/postgres.js'
import { type RunningServer, startRedis, startServer } from '../support/processes.js'
import { type Balancer, startBalancer } from './balancer.js'

/** Servers that share their records and their logs, behind one address. */
export interface Fleet {
  readonly replicas: RunningServer[]
  readonly redis: Awaited<ReturnType<typeof startRedis>>
  readonly postgres: Awaited<ReturnType<typeof startPostgres>>
  readonly balancer: Balancer
  /** Starts a server that has ended, on its port. */
  restart(at: number): Promise<void>
}

/** How long a stopping server still serves, and how long its streams take to end: shorter than usual. */
const DRAIN = { LAUNCHTAIL_DRAIN: '2s', LAUNCHTAIL_DRAIN_DELAY: '1500ms' }

export async function startFleet(count: number): Promise<Fleet> {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()])
  const env = {
    DATABASE_URL: await postgres.create(),
    REDIS_URL: redis.url,
    LAUNCHTAIL_SECRETS_KEY: Buffer.alloc(32, 7).toString('base64'),
    LAUNCHTAIL_LOG_LEVEL: 'error',
    // All readers come from one address, and with one token.
    LAUNCHTAIL_MAX_STREAMS_PER_ADDRESS: '0',
    LAUNCHTAIL_MAX_STREAMS_PER_TOKEN: '0',
    ...DRAIN,
  }
  const replicas = await Promise.all(Array.from({ length: count }, () => startServer({ env })))
  const ports = replicas.map(({ url }) => Number(new URL(url).port))
  const balancer = await startBalancer(ports)
  return {
    replicas,
    redis,
    postgres,
    balancer,
    async restart(at) {
      const { dataDir } = replicas[at] as RunningServer
      replicas[at] = await startServer({ env, dataDir, port: ports[at] as number })
    },
  }
}
