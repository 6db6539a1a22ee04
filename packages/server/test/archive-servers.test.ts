/** Servers with one archive in PostgreSQL: each entry is in it once, and each search has all of them. */
import { existsSync } from 'node:fs'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Found } from '@launchtail/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reachedIn } from '../src/find/archive/reached.js'
import { sqliteArchive } from '../src/find/archive/sqlite/archive.js'
import { takeIn } from '../src/find/archive/take-in.js'
import { writeEntry } from '../src/logs/entry-text.js'
import { startCommand } from './support/command.js'
import { newNode } from './support/nodes.js'
import { ask, type RunningPostgres } from './support/postgres.js'
import { endAll, type RunningServer, redisCli, startServer, until } from './support/processes.js'
import { startShared } from './support/shared.js'

let postgres: RunningPostgres
let redisPort: number
let env: Record<string, string>
let one: RunningServer
let other: RunningServer

beforeAll(async () => {
  const shared = await startShared()
  postgres = shared.postgres
  redisPort = shared.redis.port
  env = shared.env
  ;[one, other] = await Promise.all([startServer({ env }), startServer({ env })])
}, 60_000)
afterAll(endAll)

describe('servers with one archive', { timeout: 120_000 }, () => {
  it('find what another has acknowledged, whatever the node is doing', async () => {
    const ids = {
      launching: await newNode(one),
      active: await newNode(one),
      over: await newNode(one),
    }
    await send(one, ids.active, ['ready'], { phase: 'active' })
    await send(one, ids.over, ['over'], { phase: 'failed' })
    // Their records are stored, and nothing tells that there is more.
    await until('the records', async () => {
      const rows = await ask<{ status: string }>(
        env.DATABASE_URL as string,
        'select status from nodes',
      )
      return rows.filter(({ status }) => status !== 'launching').length === 2
    })
    for (let n = 0; n < 20; n += 1) {
      const [to, asked] = n % 2 ? [one, other] : [other, one]
      for (const [name, id] of Object.entries(ids)) {
        await send(to, id, [`medlar ${name}${n}`])
        const { logs } = await found(asked, { q: `medlar ${name}${n}` })
        expect([name, n, logs.map(({ node_id }) => node_id)]).toEqual([name, n, [id]])
      }
    }
    const { logs } = await found(other, { q: 'medlar', limit: '1000' })
    expect(logs).toHaveLength(60)
  })

  it('take each entry in once, while all of them are searched', async () => {
    const nodes = await Promise.all(Array.from({ length: 12 }, () => newNode(one)))
    let isOver = false
    const searching = [one, other].flatMap((server) =>
      ['desc', 'asc'].map(async (order) => {
        while (!isOver) await found(server, { q: 'loquat', order, limit: '5' })
      }),
    )
    for (let round = 0; round < 4; round += 1) {
      await Promise.all(
        nodes.map((id, i) =>
          send(
            i % 2 ? one : other,
            id,
            Array.from({ length: 500 }, (_, n) => `loquat ${round} ${n}`),
          ),
        ),
      )
    }
    isOver = true
    await Promise.all(searching)
    for (const server of [one, other]) {
      const all = (await exported(server, 'loquat')).filter(({ node_id }) =>
        nodes.includes(node_id),
      )
      for (const id of nodes) {
        const own = all.filter(({ node_id }) => node_id === id).map(({ message }) => message)
        expect(own).toEqual(
          [0, 1, 2, 3].flatMap((round) =>
            Array.from({ length: 500 }, (_, n) => `loquat ${round} ${n}`),
          ),
        )
      }
    }
  })

  it('forget a node for all, and none brings it back', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = await newNode(one)
      await send(
        one,
        id,
        Array.from({ length: 1500 }, (_, n) => `sapote ${n}`),
        { phase: 'failed' },
      )
      // They are taking it in when it goes.
      const searching = [one, other].map((server) => found(server, { q: 'sapote', limit: '1' }))
      await sleep(round * 15)
      expect((await other.fetch(`/admin/nodes/${id}`, { method: 'DELETE' })).status).toBe(204)
      await Promise.all(searching)
      for (const server of [one, other]) {
        expect((await found(server, { q: 'sapote' })).logs).toEqual([])
      }
    }
    await sleep(2500)
    expect((await found(one, { q: 'sapote' })).logs).toEqual([])
    const lists = await ask(
      env.DATABASE_URL as string,
      `select 1 from archive_lists where removed = 0 and node not in (select node_id from nodes)`,
    )
    expect(lists).toEqual([])
  })

  it('have one of them take in what nobody searches, and another one when that is killed or frozen', {
    timeout: 120_000,
  }, async () => {
    const owner = async () => {
      const [row] = await ask<{ owner: string }>(
        env.DATABASE_URL as string,
        `select owner from duties where name = 'archive'`,
      )
      return row?.owner
    }
    const id = await newNode(one)
    const archived = async () => {
      const [row] = await ask<{ length: string }>(
        env.DATABASE_URL as string,
        `select length from archive_lists where removed = 0 and node = '${id}'`,
      )
      return Number(row?.length ?? 0)
    }
    const third = await startServer({ env })
    let count = 0
    const sent = async (server: RunningServer) => {
      await send(
        server,
        id,
        Array.from({ length: 700 }, (_, n) => `feijoa ${count + n}`),
      )
      count += 700
    }
    await sent(other)
    await until('it to be taken in', async () => (await archived()) === count)
    const before = await owner()
    const server = (await nameOf(one)) === before ? one : other
    const left = server === one ? other : one
    server.signal('SIGSTOP')
    await sent(third)
    await until('another one to take it in', async () => (await archived()) === count, 60_000)
    expect(await owner()).not.toBe(before)
    server.signal('SIGCONT')
    await sent(server)
    await until('it to be taken in again', async () => (await archived()) === count, 60_000)
    const messages = (await exported(left, 'feijoa')).map(({ message }) => message)
    expect(messages).toEqual(Array.from({ length: count }, (_, n) => `feijoa ${n}`))
    await third.stop()
  })

  it('go on while PostgreSQL does not answer, refuse searches soon, and catch up', {
    timeout: 60_000,
  }, async () => {
    const id = await newNode(one)
    await send(one, id, ['before'])
    postgres.signal('SIGSTOP')
    const answered = async (server: RunningServer) => {
      const begun = performance.now()
      const { status } = await server.fetch('/admin/logs?q=jackfruit')
      return { status, isSoon: performance.now() - begun < 2000 }
    }
    try {
      const refused = { status: 503, isSoon: true }
      expect(await Promise.all([answered(one), answered(other)])).toEqual([refused, refused])
      for (let n = 0; n < 50; n += 1) await send(one, id, [`jackfruit ${n}`])
      expect(await answered(one)).toEqual(refused)
    } finally {
      postgres.signal('SIGCONT')
    }
    await until('a search to be answered', async () => (await answered(one)).status === 200)
    for (const server of [one, other]) {
      expect((await found(server, { q: 'jackfruit', limit: '100' })).logs).toHaveLength(50)
    }
  })

  it('find what other programs push, at whichever server', async () => {
    const id = await newNode(one)
    await send(one, id, ['begun'])
    for (let n = 0; n < 5; n += 1) {
      const entry = { message: `soursop ${n} token=ghp_${'a1B2'.repeat(9)}`, level: 'info' }
      await redisCli(redisPort, ['RPUSH', `node_logs:${id}`, JSON.stringify(entry)])
      const { logs } = await found(n % 2 ? one : other, { q: `"soursop ${n}"` })
      expect(logs.map(({ message }) => message)).toEqual([`soursop ${n} token=***`])
    }
  })

  it('take a server’s own archive in, once, with what has gone from Redis', {
    timeout: 120_000,
  }, async () => {
    const [kept, gone] = [await newNode(one), await newNode(one)]
    await send(one, kept, ['rambutan live 0', 'rambutan live 1'])
    expect((await found(one, { q: 'rambutan' })).logs).toHaveLength(2)
    const live = await ask<{ body: string }>(
      env.DATABASE_URL as string,
      `select body from archive_entries where body like '%rambutan%' order by id`,
    )
    const file = join(one.dataDir, 'archive.db')
    await one.stop()
    await writeArchive(file, [
      // A log from before the live one, that of the live one, and that of a node which is deleted.
      [kept, Array.from({ length: 3000 }, (_, n) => `rambutan past ${n}`)],
      [gone, ['rambutan gone']],
      [kept, live.map(({ body }) => body)],
    ])
    await cp(file, join(other.dataDir, 'archive.db'))
    expect((await other.fetch(`/admin/nodes/${gone}`, { method: 'DELETE' })).status).toBe(204)
    one = await startServer({ env, dataDir: one.dataDir })
    // It is killed on the way, and another server has the same.
    const count = async () => {
      const [row] = await ask<{ n: string }>(
        env.DATABASE_URL as string,
        'select count(*) as n from archive_entries where id < 0',
      )
      return Number(row?.n)
    }
    await until('some entries', async () => (await count()) > 0)
    await one.kill()
    expect(await count()).toBeLessThan(3000)
    await other.stop()
    ;[one, other] = await Promise.all([
      startServer({ env, dataDir: one.dataDir }),
      startServer({ env, dataDir: other.dataDir }),
    ])
    for (const server of [one, other]) {
      await until(
        'it to be told',
        () => server.output().includes('were taken into PostgreSQL'),
        60_000,
      )
      expect(server.output()).toContain('1 others are left in it')
      expect(existsSync(join(server.dataDir, 'archive.db'))).toBe(false)
    }
    const past = Array.from({ length: 3000 }, (_, n) => `rambutan past ${n}`)
    const all = [...past, 'rambutan live 0', 'rambutan live 1']
    expect((await exported(other, 'rambutan')).map(({ message }) => message)).toEqual(all)
    const messages: string[] = []
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const page = await found(one, { q: 'rambutan', limit: '900', ...(cursor && { cursor }) })
      messages.push(...page.logs.map(({ message }) => message))
      cursor = page.cursor
    }
    expect(messages).toEqual(all.toReversed())
    // The live log goes on in its list, and the index can be built anew.
    await send(one, kept, ['rambutan live 2'])
    const reindexed = await startCommand(one.url, ['reindex'], { env }).ended
    expect(reindexed.stdout).toMatch(/entries are indexed/)
    const again = (await exported(one, 'rambutan')).map(({ message }) => message)
    expect(again).toEqual([...all, 'rambutan live 2'])
  })
})

/** An archive's file with these lists, each of texts or messages. */
async function writeArchive(
  file: string,
  lists: readonly (readonly [string, readonly string[]])[],
): Promise<void> {
  const db = await sqliteArchive(file)
  for (const [nodeId, given] of lists) {
    const texts = given.map((text) =>
      text.startsWith('{')
        ? text
        : writeEntry({
            timestamp: '2026-01-15T10:30:00Z',
            level: 'info',
            message: text,
            phase: 'queued',
          }),
    )
    const [replaces] = await reachedIn(db, [nodeId])
    const page = { nodeId, from: 0, texts, previous: undefined, replaces }
    await takeIn(db, [page], { now: Date.now() })
  }
  await db.close()
}

async function nameOf({ dataDir }: RunningServer): Promise<string> {
  return (await readFile(`${dataDir}/name`, 'utf8')).trim()
}

async function send(
  server: RunningServer,
  id: string,
  messages: readonly string[],
  more: object = {},
): Promise<void> {
  const entries = messages.map((message) => ({ message, ...more }))
  expect((await server.post(`/admin/nodes/${id}/logs`, entries)).status).toBe(202)
}

async function found(server: RunningServer, query: Record<string, string>): Promise<Found> {
  const answer = await server.fetch(`/admin/logs?${new URLSearchParams(query)}`)
  expect(answer.status).toBe(200)
  return (await answer.json()) as Found
}

async function exported(server: RunningServer, q: string) {
  const answer = await server.fetch(`/admin/logs/export?q=${q}`)
  const lines = (await answer.text()).split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as { node_id: string; message: string })
}
