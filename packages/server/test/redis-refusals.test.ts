/** A Redis that answers, and says that it does nothing: tried again for a moment, then 503 in our words. */
import { mkdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { listed, newNode } from './support/nodes.js'
import {
  type RunningRedis,
  type RunningServer,
  redisCli,
  startRedis,
  startServer,
  until,
} from './support/processes.js'
import { startCluster } from './support/redis-cluster.js'
import { type OpenedStream, openStream } from './support/stream.js'

function start(url: string, env: Record<string, string> = {}): Promise<RunningServer> {
  const beats = { LAUNCHTAIL_HEARTBEAT: '200ms', LAUNCHTAIL_LOG_LEVEL: 'error' }
  return startServer({ env: { REDIS_URL: url, ...beats, ...env } })
}

function append(server: RunningServer, id: string, message: string, key?: string) {
  const headers: Record<string, string> = key === undefined ? {} : { 'Idempotency-Key': key }
  return server.post(`/admin/nodes/${id}/logs`, { message }, headers)
}

function open(server: RunningServer, id: string): Promise<OpenedStream> {
  const url = `${server.url}/admin/nodes/${id}/logs/stream?tail=all`
  return openStream(url, { 'X-Admin-Token': server.token })
}

async function expectRefused(answer: Response, word: string): Promise<void> {
  expect([word, answer.status, answer.headers.get('Retry-After')]).toEqual([word, 503, '1'])
  // Word for word, so nothing of what Redis said is in it.
  expect(await answer.json()).toEqual({ error: { message: 'storage unavailable, try again' } })
}

/** How often Redis has answered anybody with this word. */
async function refusals(redis: RunningRedis, word: string): Promise<number> {
  const stats = await redisCli(redis.port, ['INFO', 'errorstats'])
  return Number(new RegExp(`errorstat_${word}:count=(\\d+)`).exec(stats)?.[1] ?? 0)
}

interface Refusal {
  readonly word: string
  begin(redis: RunningRedis): Promise<unknown>
  end(redis: RunningRedis): Promise<unknown>
}

const cli = (redis: RunningRedis, ...args: string[]) => redisCli(redis.port, args)

const REFUSALS: readonly Refusal[] = [
  {
    word: 'READONLY',
    // Of a master that is not there, so it keeps what it has.
    begin: (redis) => cli(redis, 'REPLICAOF', '127.0.0.1', '1'),
    end: (redis) => cli(redis, 'REPLICAOF', 'NO', 'ONE'),
  },
  {
    word: 'NOREPLICAS',
    begin: (redis) => cli(redis, 'CONFIG', 'SET', 'min-replicas-to-write', '1'),
    end: (redis) => cli(redis, 'CONFIG', 'SET', 'min-replicas-to-write', '0'),
  },
  {
    word: 'MISCONF',
    async begin(redis) {
      await cli(redis, 'CONFIG', 'SET', 'save', '3600 1000000')
      // Nobody can put a file in a folder's place, whatever his rights.
      await mkdir(await dumpOf(redis))
      await saved(redis, 'err')
    },
    async end(redis) {
      await rmdir(await dumpOf(redis))
      await saved(redis, 'ok')
    },
  },
]

async function dumpOf(redis: RunningRedis): Promise<string> {
  const [, folder = ''] = (await cli(redis, 'CONFIG', 'GET', 'dir')).split('\n')
  return join(folder, 'dump.rdb')
}

async function saved(redis: RunningRedis, outcome: 'ok' | 'err'): Promise<void> {
  await cli(redis, 'BGSAVE')
  await until(`a save that is ${outcome}`, async () => {
    const told = await cli(redis, 'INFO', 'persistence')
    return told.includes(`rdb_last_bgsave_status:${outcome}`)
  })
}

describe.each(REFUSALS)('a Redis that says $word', ({ word, begin, end }) => {
  it('is asked again for a moment, and then it is 503, while reading goes on', async () => {
    const redis = await startRedis()
    const server = await start(redis.url)
    const id = await newNode(server)
    expect((await append(server, id, 'before')).status).toBe(202)
    const reader = await open(server, id)
    await until('the history', () => reader.messages().length === 1)

    await begin(redis)
    const asked = await refusals(redis, word)
    await expectRefused(await append(server, id, 'refused'), word)
    expect(await refusals(redis, word)).toBeGreaterThan(asked + 1)
    expect((await server.fetch('/readyz')).status).toBe(503)
    expect((await server.fetch('/healthz')).status).toBe(200)
    await until('reading to go on', async () => {
      const history = await server.fetch(`/admin/nodes/${id}/logs`)
      return history.status === 200 && ((await history.json()) as { count: number }).count === 1
    })

    // It passes while one is being asked for: who sent it need not know.
    const taken: string[] = []
    await until('one that was refused at first to be taken', async () => {
      const before = await refusals(redis, word)
      const message = `sent ${taken.length} after ${before}`
      const sent = append(server, id, message)
      await until('it to be refused', async () => (await refusals(redis, word)) > before)
      await end(redis)
      const answer = await sent
      await answer.arrayBuffer()
      if (answer.status === 202) return taken.push(message)
      // The machine was too busy to end it in time.
      expect(answer.status).toBe(503)
      await begin(redis)
      return undefined
    })
    await until('it to be ready', async () => (await server.fetch('/readyz')).ok)
    expect((await append(server, id, 'after')).status).toBe(202)
    const all = ['before', ...taken, 'after']
    await until('the last entry', () => reader.messages().includes('after'))
    expect(reader.messages()).toEqual(all)
    expect(await listed(server, id)).toEqual(all)
    expect(reader.events.map(({ event }) => event)).toEqual(all.map(() => 'log'))
    // The reason is the operator's.
    expect(server.output()).toContain(word)
  })
})

it('a Redis that has forgotten the scripts is told them again, and nobody notices', async () => {
  const redis = await startRedis()
  const server = await start(redis.url)
  const id = await newNode(server)
  for (const message of ['one', 'two']) {
    expect((await append(server, id, message)).status).toBe(202)
  }
  await cli(redis, 'SCRIPT', 'FLUSH')
  const many = Array.from({ length: 20 }, () => newNode(server))
  const ids = [id, ...(await Promise.all(many))]
  const answers = await Promise.all(ids.map((node) => append(server, node, 'three')))
  expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 202))
  expect(await listed(server, id)).toEqual(['one', 'two', 'three'])
  for (const node of ids.slice(1)) expect(await listed(server, node)).toEqual(['three'])
  expect(await refusals(redis, 'NOSCRIPT')).toBeGreaterThan(0)
})

it('a Redis that loads its data is out of reach until it has them, and nothing is lost', async () => {
  // A millisecond for each key, and a look at its connections in between.
  const redis = await startRedis([
    ...['--key-load-delay', '1000'],
    ...['--loading-process-events-interval-bytes', '1024'],
  ])
  const server = await start(redis.url)
  const id = await newNode(server)
  expect((await append(server, id, 'before')).status).toBe(202)
  const reader = await open(server, id)
  await until('the history', () => reader.messages().length === 1)
  const fill = `for i = 1, 3000 do redis.call('SET', 'filler:' .. i, string.rep('x', 100)) end`
  await cli(redis, 'EVAL', fill, '0')
  await cli(redis, 'BGREWRITEAOF')
  await until('it to be written', async () =>
    /aof_rewrite_in_progress:0.*aof_base_size:[1-9]\d{4}/s.test(
      await cli(redis, 'INFO', 'persistence'),
    ),
  )
  await redis.kill()
  const loaded = redis.restart()
  await until('it to load', async () => (await cli(redis, 'PING')).startsWith('LOADING'))
  await reader.event('the fault', ({ event }) => event === 'error')
  let refused = 0
  for (let i = 0; (await cli(redis, 'PING')).startsWith('LOADING'); i += 1) {
    const path = i % 2 === 0 ? `/admin/nodes/${id}/logs` : `/admin/nodes/${id}/logs/stream`
    const [sent, read] = await Promise.all([append(server, id, 'refused'), server.fetch(path)])
    // It may have ended while we asked.
    if (!(await cli(redis, 'PING')).startsWith('LOADING')) break
    await expectRefused(sent, 'LOADING')
    await expectRefused(read, 'LOADING')
    refused += 1
    expect((await server.fetch('/healthz')).status).toBe(200)
  }
  expect(refused).toBeGreaterThan(0)
  await loaded
  await until('the next entry to be taken', async () => {
    const answer = await append(server, id, 'after', 'after')
    return answer.status === 202
  })
  await until('the next entry', () => reader.messages().includes('after'))
  const all = (await listed(server, id)).filter((message) => message !== 'refused')
  expect(all).toEqual(['before', 'after'])
  expect(reader.messages().filter((message) => message !== 'refused')).toEqual(all)
  const words = reader.events.map(({ event }) => event).filter((event) => event !== 'log')
  expect(words).toEqual(['error'])
})

describe('a Cluster', () => {
  it('takes what it is sent while a slot moves, and is 503 where two of three masters are gone', async () => {
    const cluster = await startCluster()
    const server = await start(cluster.url)
    const id = await newNode(server)
    expect((await append(server, id, 'before', 'key-before')).status).toBe(202)
    const reader = await open(server, id)
    await until('the history', () => reader.messages().length === 1)

    const key = `node_logs:${id}`
    const from = await cluster.ownerOf(key)
    const to = cluster.nodes.find((node) => node !== from) as RunningRedis
    const move = await cluster.beginMove(key, to)
    // The list is at its old place and the kept answers are at the new one.
    await move.migrate((name) => name !== key)
    expect((await append(server, id, 'as usual')).status).toBe(202)
    // This one names a key of each place: there is nobody who could answer.
    await expectRefused(await append(server, id, 'refused', 'key-new'), 'TRYAGAIN')
    await move.migrate(() => true)
    expect((await append(server, id, 'at the new place')).status).toBe(202)
    await move.end()
    expect((await append(server, id, 'after', 'key-after')).status).toBe(202)
    const all = ['before', 'as usual', 'at the new place', 'after']
    await until('all of it', () => reader.messages().length === all.length)
    expect(reader.messages()).toEqual(all)
    expect(await listed(server, id)).toEqual(all)

    const others = cluster.nodes.filter((node) => node !== to)
    for (const other of others) await other.kill()
    await until('the last one to know', async () =>
      (await cli(to, 'GET', key)).includes('CLUSTERDOWN'),
    )
    await expectRefused(await append(server, id, 'refused'), 'CLUSTERDOWN')
    await expectRefused(await server.fetch(`/admin/nodes/${id}/logs`), 'CLUSTERDOWN')
    expect((await server.fetch('/healthz')).status).toBe(200)
    for (const other of others) await other.restart()
    await until(
      'it to be taken again',
      async () => (await append(server, id, 'whole again', 'key-again')).status === 202,
      30_000,
    )
    expect(await listed(server, id)).toEqual([...all, 'whole again'])
    await until('the last entry', () => reader.messages().includes('whole again'))
    expect(reader.messages()).toEqual([...all, 'whole again'])
  }, 90_000)
})
