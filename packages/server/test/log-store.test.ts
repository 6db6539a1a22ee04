import { afterAll, beforeAll, beforeEach } from 'vitest'
import { redisLogStore } from '../src/logs/redis/store.js'
import { sqliteLogStore } from '../src/logs/sqlite/store.js'
import { logStoreContract } from './contracts/log-store.js'
import {
  endAll,
  type RunningRedis,
  redisCli,
  startRedis,
  temporaryFolder,
} from './support/processes.js'

let redis: RunningRedis
let file: string

beforeAll(async () => {
  redis = await startRedis()
})
beforeEach(async () => {
  await redisCli(redis.port, ['FLUSHALL'])
  file = `${await temporaryFolder()}/logs.db`
})
afterAll(endAll)

logStoreContract('SQLite', ({ retention }) => sqliteLogStore({ file, retention }))
logStoreContract('Redis', ({ retention }) =>
  redisLogStore({ url: redis.url, retention, pollInterval: 50 }),
)
