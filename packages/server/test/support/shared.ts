import { startPostgres } from './postgres.js'
import { startRedis } from './processes.js'

/** PostgreSQL and Redis for servers that share their records, and the settings that name both. */
export async function startShared() {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()])
  const env = {
    DATABASE_URL: await postgres.create(),
    REDIS_URL: redis.url,
    LAUNCHTAIL_SECRETS_KEY: Buffer.alloc(32, 5).toString('base64'),
  }
  return { postgres, redis, env }
}
