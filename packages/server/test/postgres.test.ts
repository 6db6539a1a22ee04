import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { resolveConfig } from '../src/config.js'
import { openPostgres } from '../src/database/postgres/open.js'
import { StartError, StorageUnavailable } from '../src/errors.js'
import { freePort } from '../src/launch/local/port.js'
import { listed } from './support/nodes.js'
import { ask, type RunningPostgres, startPostgres } from './support/postgres.js'
import {
  endAll,
  type RunningRedis,
  type RunningServer,
  startRedis,
  startServer,
  until,
} from './support/processes.js'

let postgres: RunningPostgres
let redis: RunningRedis

beforeAll(async () => {
  ;[postgres, redis] = await Promise.all([startPostgres(), startRedis()])
}, 60_000)
afterAll(endAll)

/** An empty database, and the environment of a server on it. */
async function start() {
  const databaseUrl = await postgres.create()
  return { databaseUrl, env: { DATABASE_URL: databaseUrl, REDIS_URL: redis.url } }
}

const onFault = () => {}

/** Milliseconds that something took, and its result. */
async function timed<T>(act: () => Promise<T>): Promise<{ value: T; took: number }> {
  const begun = performance.now()
  return { value: await act(), took: performance.now() - begun }
}

test.each([
  [{}, /DATABASE_URL needs REDIS_URL: .*\nDATABASE_URL needs LAUNCHTAIL_ADMIN_TOKEN: /],
  [{ REDIS_URL: 'redis://h' }, /^DATABASE_URL needs LAUNCHTAIL_ADMIN_TOKEN: /],
  [{ LAUNCHTAIL_ADMIN_TOKEN: 't' }, /^DATABASE_URL needs REDIS_URL: /],
])('PostgreSQL needs Redis and a token that is set: %o', (env, said) => {
  const given = { DATABASE_URL: 'postgres://u:secret@h/records', ...env }
  expect(() => resolveConfig({ env: given })).toThrow(said)
})

test.each([
  'mysql://u:secret@h/d',
  'postgres://u:secret@h',
  'postgres://u:secret@h/d?sslmode=prefer',
  'postgres://u:secret@h:port/d',
  'postgres://u:secret@h,/d',
  'postgres://u:secret@h,i:port/d',
  'postgres://u:secret@h,i/d?target_session_attrs=any',
])('an address that cannot be used is refused, and not repeated: %s', (DATABASE_URL) => {
  const env = { DATABASE_URL, REDIS_URL: 'redis://h', LAUNCHTAIL_ADMIN_TOKEN: 't' }
  expect(() => resolveConfig({ env })).toThrow(/^DATABASE_URL must /)
  expect(() => resolveConfig({ env })).not.toThrow(/secret/)
})

test('a database that is not there is told in one sentence, without the password', async () => {
  const missing = postgres.url('missing').replace('@', ':secret@')
  const refusal = await openPostgres({ url: missing, onFault }).catch((error) => error)
  expect(refusal).toBeInstanceOf(StartError)
  expect(refusal.message).toMatch(
    /^DATABASE_URL: postgres:\/\/127\.0\.0\.1:\d+\/missing cannot be used: database "missing" does not exist$/,
  )
  const url = `postgres://u:secret@127.0.0.1:${await freePort()}/records`
  await expect(openPostgres({ url, onFault })).rejects.toThrow(
    /cannot be used: connect ECONNREFUSED/,
  )
})

test('four servers that start at once on an empty database migrate it once', async () => {
  const { databaseUrl, env } = await start()
  const servers = await Promise.all(
    Array.from({ length: 4 }, () => startServer({ env: keyed(env) })),
  )
  const rows = await ask<{ n: string; names: string }>(
    databaseUrl,
    'select count(*) as n, count(distinct name) as names from kysely_migration',
  )
  expect(Number(rows[0]?.n)).toBeGreaterThan(20)
  expect(rows[0]?.names).toBe(rows[0]?.n)
  for (const server of servers) expect((await server.fetch('/readyz')).status).toBe(200)
})

const KEY = Buffer.alloc(32, 5).toString('base64')

function keyed(env: Record<string, string>): Record<string, string> {
  return { ...env, LAUNCHTAIL_SECRETS_KEY: KEY }
}

test('a server with another key than the first refuses to start, and the first goes on', async () => {
  const { env } = await start()
  const first = await startServer({ env })
  await expect(startServer({ env })).rejects.toThrow(
    /the secrets in this database are encrypted with another key: set LAUNCHTAIL_SECRETS_KEY/,
  )
  const key = await readFile(join(first.dataDir, 'secrets-key'), 'utf8')
  const second = await startServer({ env: { ...env, LAUNCHTAIL_SECRETS_KEY: key.trim() } })
  for (const server of [first, second]) expect((await server.fetch('/readyz')).status).toBe(200)
})

test('migrations of a later version are no hindrance', async () => {
  const { databaseUrl } = await start()
  const first = await openPostgres({ url: databaseUrl, onFault })
  await first.database.destroy()
  await ask(databaseUrl, `insert into kysely_migration values ('999-later', '2027-01-01')`)
  const { database } = await openPostgres({ url: databaseUrl, onFault })
  expect(await database.selectFrom('nodes').selectAll().execute()).toEqual([])
  await database.destroy()
})

async function withNode(id: string): Promise<RunningServer> {
  const { env } = await start()
  const server = await startServer({ env })
  expect((await server.post('/admin/nodes', { node_id: id, name: 'named' })).status).toBe(201)
  const entry = { message: 'one', phase: 'provisioning' }
  expect((await server.post(`/admin/nodes/${id}/logs`, entry)).status).toBe(202)
  expect(await (await server.fetch(`/admin/nodes/${id}`)).json()).toMatchObject({ message: 'one' })
  return server
}

test('while PostgreSQL is frozen, records are refused within two seconds, and logs go on', async () => {
  const server = await withNode('frozen')
  postgres.signal('SIGSTOP')
  // One that waits for it, several at once, and those that come later.
  for (const count of [1, 30, 5]) {
    const answers = await Promise.all(
      Array.from({ length: count }, () => timed(() => server.fetch('/admin/nodes/frozen'))),
    )
    for (const { value, took } of answers) {
      expect(value.status).toBe(503)
      expect(value.headers.get('retry-after')).not.toBeNull()
      expect(await value.json()).toEqual({ error: { message: 'storage unavailable, try again' } })
      expect(took).toBeLessThan(2000)
    }
  }
  const sent = await server.post('/admin/nodes/frozen/logs', { message: 'two' })
  expect(sent.status).toBe(202)
  expect((await server.fetch('/healthz')).status).toBe(200)
  expect(await listed(server, 'frozen')).toEqual(['one', 'two'])
  postgres.signal('SIGCONT')
  await until('the record to follow its log', async () => {
    const answer = await server.fetch('/admin/nodes/frozen')
    return answer.status === 200 && ((await answer.json()) as { message: string }).message === 'two'
  })
})

test('PostgreSQL may end connections, and be killed and come back', async () => {
  const server = await withNode('killed')
  await ask(
    postgres.url('postgres'),
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'launchtail'`,
  )
  await until('the next query to work', async () => (await server.fetch('/admin/nodes/killed')).ok)
  await postgres.kill()
  expect((await server.fetch('/admin/nodes/killed')).status).toBe(503)
  expect((await server.post('/admin/nodes/killed/logs', { message: 'two' })).status).toBe(202)
  await postgres.restart()
  await until('the record to follow its log', async () => {
    const answer = await server.fetch('/admin/nodes/killed')
    return answer.ok && ((await answer.json()) as { message: string }).message === 'two'
  })
  expect(await server.stop()).toBe(0)
})

test('a server that stands still in a transaction holds the others up for a second', async () => {
  const { databaseUrl } = await start()
  const [one, other] = await Promise.all(
    [1, 2].map(async () => (await openPostgres({ url: databaseUrl, onFault })).database),
  )
  let stands = false
  let go = () => {}
  const held = one
    ?.transaction()
    .execute(async (transaction) => {
      await transaction.insertInto('positions').values({ name: 'a', position: '1' }).execute()
      stands = true
      await new Promise<void>((resolve) => {
        go = resolve
      })
    })
    .catch((error) => error)
  await until('the first to stand still', () => stands)
  const insert = () =>
    other?.transaction().execute(async (transaction) => {
      await transaction.insertInto('positions').values({ name: 'a', position: '2' }).execute()
    })
  await until('the other to have its turn', () =>
    insert()?.then(
      () => true,
      () => false,
    ),
  )
  go()
  expect(await held).toBeInstanceOf(StorageUnavailable)
  expect(await other?.selectFrom('positions').selectAll().execute()).toEqual([
    { name: 'a', position: '2' },
  ])
  await Promise.all([one?.destroy(), other?.destroy()])
})

test('while somebody locks a table, what needs it is refused, and all the rest goes on', async () => {
  const { databaseUrl, env } = await start()
  const server = await startServer({ env })
  await server.post('/admin/nodes', { node_id: 'locked' })
  expect((await server.post('/admin/nodes/locked/logs', { message: 'one' })).status).toBe(202)
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query('begin; lock table nodes in access exclusive mode')
  // More than there are connections.
  const answers = await Promise.all(
    Array.from({ length: 30 }, () => timed(() => server.fetch('/admin/nodes/locked'))),
  )
  for (const { value, took } of answers) {
    expect(value.status).toBe(503)
    expect(took).toBeLessThan(5000)
  }
  expect((await server.post('/admin/nodes/locked/logs', { message: 'two' })).status).toBe(202)
  expect((await server.fetch('/healthz')).status).toBe(200)
  expect(await listed(server, 'locked')).toEqual(['one', 'two'])
  await client.end()
  await until('the record to be there', async () => {
    const answer = await server.fetch('/admin/nodes/locked')
    return answer.ok && ((await answer.json()) as { message: string }).message === 'two'
  })
})
