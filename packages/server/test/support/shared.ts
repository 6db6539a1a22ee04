import { type RunningPostgres, startPostgres } from './postgres.js'
import { type RunningRedis, startRedis } from './processes.js'

interface Shared<Redis> {
  readonly postgres: RunningPostgres
  readonly redis: Redis
  readonly env: { DATABASE_URL: string; REDIS_URL: string; LAUNCHTAIL_SECRETS_KEY: string }
}

/** PostgreSQL and Redis for servers that share their records, and the settings that name both. */
export async function startShared(): Promise<Shared<RunningRedis>>
export async function startShared<Redis extends { url: string }>(
  start: () => Promise<Redis>,
): Promise<Shared<Redis>>
export async function startShared(start: () => Promise<{ url: string }> = startRedis) {
  const [postgres, redis] = await Promise.all([startPostgres(), start()])
  const env = {
    DATABASE_URL: await postgres.create(),
    REDIS_URL: redis.url,
    LAUNCHTAIL_SECRETS_KEY: Buffer.alloc(32, 5).toString('base64'),
  }
  return { postgres, redis, env }
}
