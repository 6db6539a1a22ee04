import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { redisLogStore } from '../src/logs/redis/store.js'
import { sqliteLogStore } from '../src/logs/sqlite/store.js'
import { openSqlite } from '../src/sqlite.js'
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

it('reads a file that has a row for each entry, and goes on in it', async () => {
  const texts = Array.from({ length: 50 }, (_, i) => `old ${i}`)
  const before = await sqliteLogStore({ file, retention: 60_000 })
  for (const text of texts) await before.append('a', [text])
  await before.close()
  const database = await openSqlite(file)
  expect(database.prepare('select count(*) as rows from entries').get()).toEqual({ rows: 50 })
  database.close()

  const store = await sqliteLogStore({ file, retention: 60_000 })
  onTestFinished(() => store.close())
  await store.append('a', ['new 1', 'new 2', 'new 3'])
  expect(await store.read('a', 48, 4)).toEqual(['old 48', 'old 49', 'new 1', 'new 2'])
  expect(await store.readBefore('a', 52, 3)).toEqual(['old 49', 'new 1', 'new 2'])
})
