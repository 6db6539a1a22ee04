import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { redisLogStore } from '../src/logs/redis/store.js'
import { newNode } from './support/nodes.js'
import {
  type RunningRedis,
  type RunningServer,
  redisCli,
  startRedis,
  startServer,
  temporaryFolder,
  until,
} from './support/processes.js'
import { type OpenedStream, openStream } from './support/stream.js'

// What others write into Redis concerns the node it is written for, and nobody else.

let redis: RunningRedis
let server: RunningServer
let other: string
let bystander: OpenedStream

beforeEach(async () => {
  redis = await startRedis(['--appendonly', 'no'])
  server = await startServer({ env: { REDIS_URL: redis.url, LAUNCHTAIL_LOG_LEVEL: 'error' } })
  other = await newNode(server)
  await server.post(`/admin/nodes/${other}/logs`, { message: 'before' })
  bystander = await open(other)
})

function open(id: string, query = ''): Promise<OpenedStream> {
  const url = `${server.url}/admin/nodes/${id}/logs/stream?${query}`
  return openStream(url, { 'X-Admin-Token': server.token })
}

const BASE = '"timestamp":"2024-01-15T10:30:00Z","level":"info","phase":"queued"'

function foreign(message: string, details = '""'): string {
  return `{${BASE},"message":"${message}","details":${details}}`
}

const DEEP = {
  arrays: `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
  objects: `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
}

async function pushed(id: string, ...texts: string[]): Promise<void> {
  for (const text of texts) {
    const reply = await redisCli(redis.port, ['-x', 'RPUSH', `node_logs:${id}`], text)
    expect(reply).toMatch(/^\d+\n$/)
  }
}

/** The other node is sent to, read and watched as if nothing had happened. */
async function othersAreWell(): Promise<void> {
  const sent = await server.post(`/admin/nodes/${other}/logs`, { message: 'after' })
  expect(sent.status).toBe(202)
  expect((await server.fetch(`/admin/nodes/${other}/logs`)).status).toBe(200)
  await bystander.event('what came after', ({ data }) => data.message === 'after')
  expect(bystander.messages()).toEqual(['before', 'after'])
  expect(bystander.events.filter(({ event }) => event !== 'log')).toEqual([])
  expect(server.child.exitCode).toBe(null)
}

describe('details nested deeper than any stack', () => {
  it.each(Object.entries(DEEP))(
    'in %s are found by the poll, and said to be deep',
    async (_, deep) => {
      const id = await newNode(server)
      const reader = await open(id)
      await pushed(id, foreign('deep', deep), foreign('next'))
      await reader.event('the next one', ({ data }) => data.message === 'next')
      expect(reader.messages()).toEqual(['deep', 'next'])
      expect(reader.events[0]?.data.details).toBe('(details nested in more than 32 levels)')
      const history = await server.fetch(`/admin/nodes/${id}/logs`)
      expect(history.status).toBe(200)
      for (const format of ['json', 'ndjson', 'csv', 'text']) {
        const file = await server.fetch(`/admin/nodes/${id}/logs/export?format=${format}`)
        expect([file.status, (await file.text()).includes('deep')]).toEqual([200, true])
      }
      await othersAreWell()
    },
  )

  it.each(Object.entries(DEEP))(
    'in %s do not end the process when they are announced',
    async (_, deep) => {
      const id = await newNode(server)
      const reader = await open(id)
      const announced = `0 0\n${foreign('deep', deep)}`
      await redisCli(redis.port, ['-x', 'PUBLISH', `node_logs:${id}`], announced)
      await pushed(id, foreign('deep', deep))
      await reader.event('the entry', ({ data }) => data.message === 'deep')
      await othersAreWell()
    },
  )
})

describe('elements far longer than any entry', () => {
  it('are skipped, keep their index, and are copied once', async () => {
    const id = await newNode(server)
    await pushed(id, foreign('first'), 'x'.repeat(20_000_000), foreign('second'))
    const reader = await open(id)
    await reader.event('the second', ({ data }) => data.message === 'second')
    expect(reader.messages()).toEqual(['first', 'second'])
    expect(reader.lastId()).toMatch(/^2:/)
    await pushed(id, 'y'.repeat(20_000_000))
    await until('its being noticed', async () => {
      const kept = await redisCli(redis.port, ['HKEYS', `launchtail:{node_logs:${id}}:long`])
      return ['1', '3', 'guard'].every((field) => kept.split('\n').includes(field))
    })
    await redisCli(redis.port, ['CONFIG', 'RESETSTAT'])
    // At each look, and for each of these, it would be copied again.
    for (let i = 0; i < 20; i += 1) {
      const answer = await server.fetch(`/admin/nodes/${id}/logs`)
      expect(((await answer.json()) as { count: number }).count).toBe(2)
    }
    const stats = await redisCli(redis.port, ['INFO', 'commandstats'])
    const spent = /cmdstat_lrange:.*usec_per_call=([\d.]+)/.exec(stats)?.[1]
    expect(Number(spent)).toBeLessThan(1000)
    await server.post(`/admin/nodes/${id}/logs`, { message: 'third' })
    await reader.event('what follows', ({ data }) => data.message === 'third')
    await othersAreWell()
  })

  it('stand for themselves only as long as the list is the same', async () => {
    const store = await redisLogStore({ url: redis.url, retention: 60_000, pollInterval: 60_000 })
    await pushed('n', 'one', 'x'.repeat(1_000_000), 'three')
    const [, long] = await store.read('n', 0, 9)
    expect(long).toMatch(/^element of 1000000 bytes, [0-9a-f]{40}$/)
    expect(await store.readBefore('n', 3, 2)).toEqual([long, 'three'])
    await redisCli(redis.port, ['DEL', 'node_logs:n'])
    await pushed('n', 'another', 'short', 'three')
    expect(await store.read('n', 0, 9)).toEqual(['another', 'short', 'three'])
    await pushed('n', 'y'.repeat(1_000_000))
    const last = (await store.read('n', 3, 1))[0]
    // An append that names the list it continues recognises the long element.
    const precondition = { length: 4, last }
    const appended = await store.append('n', ['five'], { precondition })
    expect(appended).toEqual({ outcome: 'stored', index: 4 })
    await store.close()
  })
})

describe('forged announcements', () => {
  it('do not make anybody believe that a node was deleted', async () => {
    const id = await newNode(server)
    const silent = await open(id)
    await redisCli(redis.port, ['PUBLISH', `node_logs:${id}`, 'removed'])
    await redisCli(redis.port, ['PUBLISH', `node_logs:${other}`, 'removed'])
    await othersAreWell()
    await server.post(`/admin/nodes/${id}/logs`, { message: 'still here' })
    await silent.event('an entry', ({ data }) => data.message === 'still here')
    expect(silent.messages()).toEqual(['still here'])
  })

  it('of any form change nothing', async () => {
    const id = await newNode(server)
    await server.post(`/admin/nodes/${id}/logs`, { message: 'one' })
    const reader = await open(id)
    await reader.event('it', ({ data }) => data.message === 'one')
    const forged = ['', ' ', '\n', '1', '1 \n{}', '-1 0\nx', '1e9 0\nx', 'NaN 0\n\n', '0 0\n{}']
    const long = [`1 0${'\n'.repeat(60_000)}`, 'x'.repeat(1_000_000)]
    for (const message of [...forged, ...long]) {
      await redisCli(redis.port, ['-x', 'PUBLISH', `node_logs:${id}`], message)
    }
    await server.post(`/admin/nodes/${id}/logs`, { message: 'two' })
    await reader.event('what follows', ({ data }) => data.message === 'two')
    expect(reader.messages()).toEqual(['one', 'two'])
    await othersAreWell()
  })
})

describe('garbage in our own keys', () => {
  it.each(['not what we write', '', 'd 0 not JSON', 'd 0 {"accepted":"x"}', 'd 0 null'])(
    'as a kept reply (%j) is no 500 and concerns that key alone',
    async (garbage) => {
      const id = await newNode(server)
      const headers = { 'Idempotency-Key': 'k' }
      const send = () => server.post(`/admin/nodes/${id}/logs`, { message: 'm' }, headers)
      expect((await send()).status).toBe(202)
      const [key = ''] = (await redisCli(redis.port, ['KEYS', '*:reply:*'])).trim().split('\n')
      expect(key).toContain(id)
      const kept = await redisCli(redis.port, ['GET', key])
      await redisCli(redis.port, ['SET', key, garbage.replace(/^d /, `${kept.split(' ')[0]} `)])
      expect([202, 503]).toContain((await send()).status)
      await othersAreWell()
    },
  )

  it('as offsets counts as none', async () => {
    const store = await redisLogStore({ url: redis.url, retention: 60_000, pollInterval: 60_000 })
    await redisCli(redis.port, ['HSET', 'launchtail:{node_logs:n}:source', 's', 'x', 'f', 'y'])
    expect(await store.offset('n', 's')).toBe(0)
    const how = { offset: { name: 's', from: 0, to: 3 }, fence: { name: 'f', token: 1 } }
    expect(await store.append('n', ['1'], how)).toEqual({ outcome: 'stored', index: 0 })
    await redisCli(redis.port, ['SET', 'launchtail:{node_logs:n}:long', 'a string'])
    expect(await store.read('n', 0, 9)).toEqual(['1'])
    await store.close()
  })
})

describe.runIf(process.env.LAUNCHTAIL_TEST_FULL_SIZE)('an element of 500 MB', () => {
  it('is copied once, even where nobody waits for it that long', { timeout: 120_000 }, async () => {
    const id = await newNode(server)
    const file = join(await temporaryFolder(), 'element')
    await writeFile(file, Buffer.alloc(500 * 1024 * 1024, 120))
    const script = `redis-cli -p ${redis.port} -x RPUSH node_logs:${id} < ${file}`
    const { execSync } = await import('node:child_process')
    execSync(script)
    await pushed(id, foreign('next'))
    await until(
      'the log to be read',
      async () => {
        const answer = await server.fetch(`/admin/nodes/${id}/logs`)
        return answer.ok && ((await answer.json()) as { count: number }).count === 1
      },
      60_000,
    )
    const began = performance.now()
    expect((await server.fetch(`/admin/nodes/${id}/logs`)).status).toBe(200)
    expect(performance.now() - began).toBeLessThan(1000)
    const sent = await server.post(`/admin/nodes/${other}/logs`, { message: 'after' })
    expect(sent.status).toBe(202)
  })
})
