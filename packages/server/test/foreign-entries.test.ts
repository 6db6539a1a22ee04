import { beforeAll, describe, expect, it } from 'vitest'
import { listed, newNode } from './support/nodes.js'
import {
  endAll,
  type RunningRedis,
  type RunningServer,
  redisCli,
  startRedis,
  startServer,
  until,
} from './support/processes.js'
import { openStream } from './support/stream.js'

// Lists that other programs write, who know the key and little more.

let redis: RunningRedis
let server: RunningServer
let replica: RunningServer

beforeAll(async () => {
  redis = await startRedis(['--appendonly', 'no'])
  const env = { REDIS_URL: redis.url, LAUNCHTAIL_POLL_INTERVAL: '200ms' }
  ;[server, replica] = await Promise.all([startServer({ env }), startServer({ env })])
  return endAll
})

async function push(id: string, ...entries: (object | string)[]): Promise<void> {
  const texts = entries.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
  expect(await redisCli(redis.port, ['RPUSH', `node_logs:${id}`, ...texts])).toMatch(/^\d+\n$/)
}

async function ttlOf(id: string): Promise<number> {
  return Number(await redisCli(redis.port, ['TTL', `node_logs:${id}`]))
}

interface Shown {
  message: string
  phase: string
  timestamp: string
}

async function shown(of: RunningServer, id: string, query: string): Promise<Shown[]> {
  const answer = await of.fetch(`/admin/nodes/${id}/logs?${query}`)
  expect(answer.status).toBe(200)
  const { logs } = (await answer.json()) as { logs: Shown[] }
  return logs.map(({ message, phase, timestamp }) => ({ message, phase, timestamp }))
}

describe('a list without a time to live', () => {
  it('gets the usual one when it is read', async () => {
    await push('read', { message: 'x', phase: 'queued', timestamp: '2024-01-15T10:30:00Z' })
    expect(await ttlOf('read')).toBe(-1)
    expect(await listed(server, 'read')).toEqual(['x'])
    expect(await ttlOf('read')).toBeGreaterThan(86_000)
  })

  it('gets it while it is watched, once it is there', async () => {
    const id = await newNode(server)
    const url = `${server.url}/admin/nodes/${id}/logs/stream`
    const reader = await openStream(url, { 'X-Admin-Token': server.token })
    await push(id, { message: 'x' })
    await until('its entry', () => reader.messages().length === 1)
    await until('its time to live', async () => (await ttlOf(id)) > 86_000)
    expect(await ttlOf(id)).toBeLessThanOrEqual(86_400)
  })

  it('keeps the one that it has', async () => {
    for (const seconds of [1000, 1_000_000]) {
      const id = `kept-${seconds}`
      await push(id, { message: 'x', phase: 'queued' })
      await redisCli(redis.port, ['EXPIRE', `node_logs:${id}`, String(seconds)])
      expect(await listed(server, id)).toEqual(['x'])
      expect(Math.abs((await ttlOf(id)) - seconds)).toBeLessThan(30)
    }
  })
})

describe('an entry that leaves out its phase or its timestamp', () => {
  const T1 = '2024-01-15T10:30:00Z'
  const T2 = '2024-01-15T11:30:00Z'
  const LIST = [
    { message: 'a', phase: 'installing', timestamp: T1 },
    { message: 'b' },
    'no entry',
    { message: 'c', phase: 'warming up', timestamp: T2 },
    { message: 'd', timestamp: 'yesterday' },
    { message: 'e', phase: 'model_loading' },
    { message: 'f', phase: null, timestamp: 17 },
  ]
  const SHOWN = [
    { message: 'a', phase: 'installing', timestamp: T1 },
    { message: 'b', phase: 'installing', timestamp: T1 },
    { message: 'c', phase: 'installing', timestamp: T2 },
    { message: 'd', phase: 'installing', timestamp: T2 },
    { message: 'e', phase: 'model_loading', timestamp: T2 },
    { message: 'f', phase: 'model_loading', timestamp: T2 },
  ]

  it('is shown with those of the entry before it, on every way out and every replica', async () => {
    const id = await newNode(server)
    const watching = await openStream(`${server.url}/admin/nodes/${id}/logs/stream`, {
      'X-Admin-Token': server.token,
    })
    for (const one of LIST) await push(id, one)
    await until('all of them', () => watching.messages().length === SHOWN.length)
    const live = watching.events.map(({ data }) => data)
    expect(live).toMatchObject(SHOWN)
    for (const each of [server, replica]) {
      for (const tail of [1, 2, 3, 'all']) {
        const part = tail === 'all' ? SHOWN : SHOWN.slice(-Number(tail))
        expect(await shown(each, id, `tail=${tail}`)).toEqual(part)
        const url = `${each.url}/admin/nodes/${id}/logs/stream?tail=${tail}&follow=false`
        const stream = await openStream(url, { 'X-Admin-Token': each.token })
        await stream.ended
        const logs = stream.events.filter(({ event }) => event === 'log').map(({ data }) => data)
        expect(logs).toMatchObject(part)
        const file = await each.fetch(`/admin/nodes/${id}/logs/export?format=json&tail=${tail}`)
        expect(((await file.json()) as { logs: Shown[] }).logs).toMatchObject(part)
      }
      expect(await shown(each, id, 'since=2024-01-15T11:00:00Z')).toEqual(SHOWN.slice(2))
      await until('the record to follow', async () => {
        const record = await (await each.fetch(`/admin/nodes/${id}`)).json()
        return (record as { phase: string }).phase === 'model_loading'
      })
    }
  })

  it('is queued since the node was created, where nothing is before it', async () => {
    const id = await newNode(server)
    const { created_at } = (await (await server.fetch(`/admin/nodes/${id}`)).json()) as {
      created_at: string
    }
    const texts = Array.from({ length: 1200 }, (_, i) => ({ message: `m${i}` }))
    for (let at = 0; at < 1200; at += 100) await push(id, ...texts.slice(at, at + 100))
    const expected = { phase: 'queued', timestamp: created_at }
    expect(await shown(server, id, 'tail=2')).toEqual([
      { message: 'm1198', ...expected },
      { message: 'm1199', ...expected },
    ])
    const url = `${server.url}/admin/nodes/${id}/logs/stream?tail=1&follow=false`
    const stream = await openStream(url, { 'X-Admin-Token': server.token })
    await stream.ended
    expect(stream.events[0]?.data).toMatchObject({ message: 'm1199', ...expected })
  })

  it('is taken to belong to a launch that is over', async () => {
    const id = await newNode(server)
    await push(id, { message: 'up', phase: 'active' })
    for (let at = 0; at < 10; at += 1) {
      await push(
        id,
        ...Array.from({ length: 100 }, (_, i) => ({ message: `access ${at * 100 + i}` })),
      )
    }
    const url = `${server.url}/admin/nodes/${id}/logs/stream?tail=2`
    const stream = await openStream(url, { 'X-Admin-Token': server.token })
    await stream.ended
    expect(stream.messages()).toEqual(['access 998', 'access 999'])
    expect(stream.events.at(-1)).toMatchObject({ event: 'done', data: { message: 'up' } })
    // Our own appends continue it too.
    expect((await server.post(`/admin/nodes/${id}/logs`, { message: 'ours' })).status).toBe(202)
    expect((await shown(server, id, 'tail=1'))[0]?.phase).toBe('active')
  })
})

describe('a burst of another program', () => {
  it('is read to its end at once, not a page at each poll', async () => {
    const slow = await startServer({
      env: { REDIS_URL: redis.url, LAUNCHTAIL_POLL_INTERVAL: '2s' },
    })
    const id = await newNode(slow)
    const reader = await openStream(`${slow.url}/admin/nodes/${id}/logs/stream`, {
      'X-Admin-Token': slow.token,
    })
    const script = `for i = 1, 10000 do
      redis.call('RPUSH', KEYS[1], '{"message":"m' .. i .. '"}') end return 1`
    expect(await redisCli(redis.port, ['EVAL', script, '1', `node_logs:${id}`])).toBe('1\n')
    const began = performance.now()
    await until('all of them', () => reader.messages().length === 10_000)
    // At 500 a poll it would take 40 s.
    expect(performance.now() - began).toBeLessThan(10_000)
    expect(new Set(reader.messages()).size).toBe(10_000)
  })
})
