import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { listed, newNode } from './support/nodes.js'
import {
  type RunningRedis,
  type RunningServer,
  redisCli,
  startRedis,
  startServer,
  until,
} from './support/processes.js'
import { startProxy } from './support/proxy.js'
import { openRawBody } from './support/raw-body.js'
import { type OpenedStream, openStream } from './support/stream.js'

let redis: RunningRedis

beforeEach(async () => {
  redis = await startRedis()
})

function start(env: Record<string, string> = {}): Promise<RunningServer> {
  const beats = { LAUNCHTAIL_HEARTBEAT: '200ms', LAUNCHTAIL_LOG_LEVEL: 'error' }
  return startServer({ env: { REDIS_URL: redis.url, ...beats, ...env } })
}

function append(server: RunningServer, id: string, message: string, key?: string) {
  const headers: Record<string, string> = key === undefined ? {} : { 'Idempotency-Key': key }
  return server.post(`/admin/nodes/${id}/logs`, { message }, headers)
}

/** Sends until it is taken, as a client that gave its request a key may. */
async function insist(server: RunningServer, id: string, message: string): Promise<Response> {
  return until(`${message} to be taken`, async () => {
    const answer = await append(server, id, message, `key-${message.replaceAll(' ', '-')}`)
    if (answer.status === 202) return answer
    expect([409, 503]).toContain(answer.status)
    expect(answer.headers.get('Retry-After')).toBe('1')
    return undefined
  })
}

function open(server: RunningServer, id: string, query = ''): Promise<OpenedStream> {
  const url = `${server.url}/admin/nodes/${id}/logs/stream?${query}`
  return openStream(url, { 'X-Admin-Token': server.token })
}

async function push(id: string, ...texts: string[]): Promise<void> {
  const reply = await redisCli(redis.port, ['RPUSH', `node_logs:${id}`, ...texts])
  expect(reply).toMatch(/^\d+\n$/)
}

/** An entry as another program writes it. */
function foreign(message: string, more: object = {}): string {
  const timestamp = '2024-01-15T10:30:00Z'
  return JSON.stringify({ timestamp, level: 'info', message, phase: 'queued', ...more })
}

function faultsOf({ events }: OpenedStream) {
  return events.filter(({ event }) => event !== 'log').map(({ event, data }) => ({ event, data }))
}

async function metric(server: RunningServer, name: string): Promise<number> {
  const text = await (await server.fetch('/metrics')).text()
  return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1])
}

const LOST = {
  event: 'error',
  data: { error: 'Failed to stream logs', details: 'Redis connection lost', phase: 'queued' },
}

describe('Redis killed and started again', () => {
  it('is one `error` to its readers, heartbeats go on, and then every entry comes once', async () => {
    const server = await start({ LAUNCHTAIL_LOG_LEVEL: 'info' })
    const id = await newNode(server)
    const reader = await open(server, id)
    const sent: string[] = []
    const writer = write()
    await until('entries to flow', () => reader.messages().length > 20)

    await redis.kill()
    const fault = await reader.event('the fault', ({ event }) => event === 'error')
    expect(fault.data).toEqual(LOST.data)
    const json = await server.fetch(`/admin/nodes/${id}/logs`)
    expect([json.status, json.headers.get('Retry-After')]).toEqual([503, '1'])
    expect(await json.json()).toEqual({ error: { message: 'storage unavailable, try again' } })
    const stream = await server.fetch(`/admin/nodes/${id}/logs/stream`)
    expect([stream.status, stream.headers.get('Retry-After')]).toEqual([503, '1'])
    expect((await server.fetch('/readyz')).status).toBe(503)
    expect((await server.fetch('/healthz')).status).toBe(200)
    const beats = reader.comments.length
    await until('heartbeats to go on', () => reader.comments.length > beats + 2)

    await redis.restart()
    const back = sent.length
    await until('entries to flow again', () => sent.length > back + 20)
    writer.stop()
    await writer.done
    await until('the last entry', () => reader.messages().at(-1) === sent.at(-1))
    // The last word: an error that comes twice would have come by the next heartbeat.
    const now = reader.comments.length
    await until('a heartbeat', () => reader.comments.length > now)
    expect(reader.messages()).toEqual(sent)
    expect(await listed(server, id)).toEqual(sent)
    expect(faultsOf(reader)).toEqual([LOST])
    expect(reader.events.find(({ event }) => event === 'error')?.id).toBe(fault.id)
    // Dozens of requests have failed meanwhile, and as many attempts to connect.
    const lines = server.output().split('\n')
    const said = lines.filter((line) => /"level":(?:30|40|50).*(?:redis|storage)/i.test(line))
    expect(said.filter((line) => /answers again after \d/.test(line))).toHaveLength(1)

    expect(said.length).toBeLessThan(6)

    function write() {
      let going = true
      const done = (async () => {
        for (let i = 0; going; i += 1) {
          await insist(server, id, `entry ${i}`)
          sent.push(`entry ${i}`)
        }
      })()
      return {
        done,
        stop: () => {
          going = false
        },
      }
    }
  })

  it('ends the streams when it does not come back within the grace', async () => {
    const server = await start({ LAUNCHTAIL_STORAGE_GRACE: '1s' })
    const id = await newNode(server)
    await append(server, id, 'before')
    const reader = await open(server, id)
    await until('the history', () => reader.messages().length === 1)
    const began = performance.now()
    await redis.kill()
    await reader.ended
    expect(performance.now() - began).toBeGreaterThan(900)
    expect(faultsOf(reader)).toEqual([LOST])
    expect((await server.fetch('/healthz')).status).toBe(200)
    // Its client comes back as soon as Redis does, and goes on where it was.
    await redis.restart()
    await insist(server, id, 'after')
    const url = `${server.url}/admin/nodes/${id}/logs/stream`
    const again = await openStream(url, {
      'X-Admin-Token': server.token,
      'Last-Event-ID': reader.lastId(),
    })
    await again.event('what follows', ({ data }) => data.message === 'after')
    expect(again.messages()).toEqual(['after'])
  })
})

describe('raw output while Redis is away', () => {
  it('is refused with 503 where it can be sent again, and then stored once', async () => {
    const server = await start()
    const [id, source] = [await newNode(server), randomUUID()]
    const reader = await open(server, id)
    const headers = { 'Log-Source': source, 'Log-Offset': '0' }
    const body = await openRawBody(server, `/admin/nodes/${id}/logs`, headers)
    body.write('one\ntwo\n')
    await reader.event('the second line', ({ data }) => data.message === 'two')
    await redis.kill()
    await reader.event('the fault', ({ event }) => event === 'error')
    body.write('three\n')
    // The body is still open; who writes it need not find out by itself.
    expect(await body.answer()).toMatchObject({ status: 503 })
    await redis.restart()
    await until('the storage to be back', async () => (await server.fetch('/readyz')).ok)
    const told = await server.fetch(`/admin/nodes/${id}/logs`, { method: 'HEAD', headers })
    expect(told.headers.get('Log-Offset')).toBe('8')
    const answer = await server.post(`/admin/nodes/${id}/logs`, 'one\ntwo\nthree\n', {
      ...headers,
      'Content-Type': 'text/plain',
    })
    expect(answer.status).toBe(202)
    expect(await listed(server, id)).toEqual(['one', 'two', 'three'])
  })

  it('waits where it is a pipe, which cannot be sent again', async () => {
    const server = await start()
    const id = await newNode(server)
    const reader = await open(server, id)
    const body = await openRawBody(server, `/admin/nodes/${id}/logs`)
    body.write('one\n')
    await reader.event('the first line', ({ data }) => data.message === 'one')
    await redis.kill()
    await reader.event('the fault', ({ event }) => event === 'error')
    body.write('two\n')
    body.write('three\n')
    const beats = reader.comments.length
    await until('some time to pass', () => reader.comments.length > beats + 5)
    await redis.restart()
    await reader.event('the last line', ({ data }) => data.message === 'three')
    body.end()
    expect(await body.answer()).toMatchObject({ status: 202 })
    expect(reader.messages()).toEqual(['one', 'two', 'three'])
    expect(await listed(server, id)).toEqual(['one', 'two', 'three'])
  })
})

describe('Redis frozen for 10 s', () => {
  it('is 503 within two seconds, and nothing that was refused shows up later', {
    timeout: 60_000,
  }, async () => {
    const server = await start()
    const ids = await Promise.all([1, 2, 3].map(() => newNode(server)))
    for (const id of ids) await append(server, id, 'before')
    const readers = await Promise.all(ids.map((id) => open(server, id)))
    for (const reader of readers) await until('history', () => reader.messages().length === 1)
    const [id = ''] = ids

    redis.signal('SIGSTOP')
    const frozen = performance.now()
    const outcomes: { status: number; retryAfter: string | null }[] = []
    let count = 0
    while (performance.now() - frozen < 10_000) {
      // Several at once for one node: who waits behind another must not wait for both.
      const round = [
        ...ids.flatMap((node) => [0, 1, 2].map(() => outcomeOf(append(server, node, refused())))),
        outcomeOf(append(server, id, refused(), `key-${count}`)),
        outcomeOf(server.fetch(`/admin/nodes/${id}/logs`)),
        outcomeOf(server.fetch(`/admin/nodes/${id}/logs/export`)),
      ]
      expect((await server.fetch('/healthz')).status).toBe(200)
      outcomes.push(...(await Promise.all(round)))
    }
    // A stream cannot begin either, once the fault is known.
    outcomes.push(await outcomeOf(server.fetch(`/admin/nodes/${id}/logs/stream`)))
    redis.signal('SIGCONT')

    expect(outcomes.filter(({ status }) => status !== 503)).toEqual([])
    expect(outcomes.filter(({ retryAfter }) => retryAfter !== '1')).toEqual([])
    expect(count).toBeGreaterThan(20)
    for (const node of ids) {
      await insist(server, node, 'after')
      expect(await listed(server, node)).toEqual(['before', 'after'])
    }
    for (const reader of readers) {
      await reader.event('what follows', ({ data }) => data.message === 'after')
      expect(reader.messages()).toEqual(['before', 'after'])
      expect(faultsOf(reader)).toEqual([LOST])
    }

    function refused(): string {
      count += 1
      return `refused ${count}`
    }
  })

  async function outcomeOf(request: Promise<Response>) {
    const { status, headers } = await request
    return { status, retryAfter: headers.get('Retry-After') }
  }
})

describe('the connection to Redis', () => {
  it('may lose any reply: who retries with the same key has stored once', {
    timeout: 60_000,
  }, async () => {
    const proxy = await startProxy(redis.port)
    const server = await start({
      REDIS_URL: `redis://127.0.0.1:${proxy.port}`,
      // So that what is lost is the answer to an append and not to a look at the lists.
      LAUNCHTAIL_POLL_INTERVAL: '60s',
    })
    const id = await newNode(server)
    await insist(server, id, 'first')
    let sent = 1
    for (let n = 1; n <= 20; n += 1) {
      proxy.loseReply(n)
      for (let i = 0; i < n + 2; i += 1) {
        const answer = await insist(server, id, `entry ${sent}`)
        const { accepted, cursor } = (await answer.json()) as { accepted: number; cursor: string }
        expect([accepted, Number.parseInt(cursor, 10)]).toEqual([1, sent])
        sent += 1
      }
      expect(proxy.lost(), `replies lost by the ${n}. round`).toBe(n)
    }
    const expected = ['first', ...Array.from({ length: sent - 1 }, (_, i) => `entry ${i + 1}`)]
    expect(await listed(server, id)).toEqual(expected)
    const again = await insist(server, id, 'entry 1')
    expect(again.headers.get('Idempotent-Replayed')).toBe('true')
  })

  it('is made anew for listening when it is open and delivers nothing', {
    timeout: 60_000,
  }, async () => {
    const proxy = await startProxy(redis.port)
    const server = await start({ REDIS_URL: `redis://127.0.0.1:${proxy.port}` })
    const id = await newNode(server)
    const reader = await open(server, id)
    await insist(server, id, 'heard')
    await reader.event('the first', ({ data }) => data.message === 'heard')
    const deaf = await listeners()
    expect(deaf).toHaveLength(1)
    proxy.deafen('subscribe')
    for (let i = 0; (await listeners()).join() === deaf.join(); i += 1) {
      await insist(server, id, `found ${i}`)
      await reader.event('what the poll finds', ({ data }) => data.message === `found ${i}`)
    }
    expect(faultsOf(reader)).toEqual([])
    expect(reader.messages()).toEqual(await listed(server, id))

    async function listeners(): Promise<(string | undefined)[]> {
      const list = await redisCli(redis.port, ['CLIENT', 'LIST', 'TYPE', 'pubsub'])
      return [...list.matchAll(/^id=(\d+)/gm)].map(([, number]) => number)
    }
  })

  it('is made anew for listening when Redis ends it, and entries come all the while', {
    timeout: 60_000,
  }, async () => {
    const server = await start()
    const id = await newNode(server)
    const reader = await open(server, id)
    await insist(server, id, 'heard')
    await reader.event('the first', ({ data }) => data.message === 'heard')
    // It leaves the connection of the commands alone.
    await redisCli(redis.port, ['CLIENT', 'KILL', 'TYPE', 'pubsub'])
    await insist(server, id, 'found')
    await reader.event('the second', ({ data }) => data.message === 'found')
    await until('the subscription to be there again', async () => {
      const reply = await redisCli(redis.port, ['PUBSUB', 'NUMSUB', `node_logs:${id}`])
      return reply.includes('\n1\n')
    })
    expect(faultsOf(reader)).toEqual([])
  })

  it('is made anew when it is open and nothing comes through it any more', {
    timeout: 60_000,
  }, async () => {
    const proxy = await startProxy(redis.port)
    const server = await start({ REDIS_URL: `redis://127.0.0.1:${proxy.port}` })
    const id = await newNode(server)
    await insist(server, id, 'before')
    const reader = await open(server, id)
    await until('the history', () => reader.messages().length === 1)
    proxy.freeze()
    await reader.event('the fault', ({ event }) => event === 'error')
    // What connects from now on gets through; what is connected hangs for ever.
    proxy.abandon()
    await insist(server, id, 'after')
    await reader.event('what follows', ({ data }) => data.message === 'after')
    expect(reader.messages()).toEqual(['before', 'after'])
    expect(faultsOf(reader)).toEqual([LOST])
  })
})

describe('another program that only knows RPUSH', () => {
  it('is heard, whatever its clock says', async () => {
    const server = await start()
    const id = await newNode(server)
    const reader = await open(server, id)
    await until('to be at the tip', () => reader.lastId() !== '')
    const times = ['2024-01-15T10:30:00Z', '2024-01-15T10:30:00Z', '2024-01-15T09:30:00Z']
    await push(id, ...times.map((timestamp, i) => foreign(`entry ${i}`, { timestamp })))
    await until('all of them', () => reader.messages().length === 3)
    await push(id, foreign('entry 0', { timestamp: times[0] }))
    await until('the same once more', () => reader.messages().length === 4)
    expect(reader.messages()).toEqual(['entry 0', 'entry 1', 'entry 2', 'entry 0'])
    expect(await listed(server, id)).toEqual(reader.messages())
    expect(reader.events.map(({ id }) => Number.parseInt(id, 10))).toEqual([0, 1, 2, 3])
    await push(id, foreign('ready', { phase: 'active', progress: 100 }))
    await reader.ended
    expect(reader.events.at(-1)).toMatchObject({ event: 'done', data: { status: 'active' } })
  })

  it('may write what is no entry: it is skipped and counted, and keeps its index', async () => {
    const server = await start()
    const id = await newNode(server)
    const reader = await open(server, id)
    await until('to be at the tip', () => reader.lastId() !== '')
    const garbage = ['{"broken', '[]', '"text"', '{"level":"info"}', 'null', '']
    await push(id, foreign('first'), ...garbage, foreign('last'))
    await reader.event('the last', ({ data }) => data.message === 'last')
    expect(reader.messages()).toEqual(['first', 'last'])
    expect(reader.events.map(({ id }) => Number.parseInt(id, 10))).toEqual([0, 7])
    expect(await metric(server, 'launchtail_entries_skipped_total')).toBe(garbage.length)
    expect(await listed(server, id)).toEqual(['first', 'last'])
    // A reader may stand on one of them.
    await push(id, 'garbage at the end')
    await until('a cursor on it', () => reader.lastId().startsWith('8:'))
    const url = `${server.url}/admin/nodes/${id}/logs/stream`
    const headers = { 'X-Admin-Token': server.token, 'Last-Event-ID': reader.lastId() }
    const again = await openStream(url, headers)
    await push(id, foreign('after it'))
    await again.event('what follows', ({ data }) => data.message === 'after it')
    expect(again.events.map(({ event }) => event)).toEqual(['log'])
  })

  it('may write secrets: they are masked on every way out', async () => {
    const server = await start()
    const id = await newNode(server)
    const secret = `hf_${'aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH'}`
    const reader = await open(server, id)
    await until('to be at the tip', () => reader.lastId() !== '')
    await push(
      id,
      foreign(`login with ${secret}`, { level: 'error', details: `token ${secret}`, progress: 3 }),
      foreign(`the admin's ${server.token}`),
      foreign('up', { phase: 'active' }),
    )
    await reader.ended
    const ways = [reader.text()]
    for (const path of ['logs', 'logs/stream', 'logs/export?format=csv', 'logs/export', '']) {
      const answer = await server.fetch(`/admin/nodes/${id}/${path}`.replace(/\/$/, ''))
      expect(answer.status).toBe(200)
      ways.push(await answer.text())
    }
    for (const way of ways) {
      expect(way).not.toContain(secret)
      expect(way).not.toContain(server.token)
    }
    expect(ways.filter((way) => way.includes('login with ***'))).toHaveLength(ways.length - 1)
  })

  it('makes a node known by its list, to many who ask at once', async () => {
    const server = await start()
    const nodes = Array.from({ length: 10 }, (_, i) => `foreign-${i}`)
    for (const id of nodes) {
      await push(id, foreign('begun', { phase: 'provisioning', progress: 20 }))
      const answers = await Promise.all(
        ['logs', 'logs?tail=1', '', 'logs', ''].map((path) =>
          server.fetch(`/admin/nodes/${id}/${path}`.replace(/\/$/, '')),
        ),
      )
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
      expect(await answers[2]?.json()).toMatchObject({ phase: 'provisioning', progress: 20 })
    }
    const reader = await open(server, nodes[0] as string)
    await until('its entry', () => reader.messages().length === 1)
    expect((await server.fetch('/admin/nodes/unheard-of/logs')).status).toBe(404)
    expect((await server.fetch('/admin/nodes/unheard-of/logs/stream')).status).toBe(404)
  })

  it('is what the state of now comes from, as soon as it has written', async () => {
    const server = await start()
    const id = await newNode(server)
    await append(server, id, 'ours')
    await push(id, foreign('Loading', { phase: 'model_loading', progress: 71 }))
    const reader = await open(server, id, 'tail=0')
    const first = await until('the first event', () => reader.events[0])
    expect(first).toMatchObject({
      event: 'status',
      data: { phase: 'model_loading', progress: 71, message: 'Loading' },
    })
    await push(id, foreign('up', { phase: 'active' }))
    await reader.ended
    const ended = await open(server, id, 'follow=false')
    await ended.ended
    expect(ended.events.at(-1)).toMatchObject({ event: 'done', data: { status: 'active' } })
  })

  it('may put another type at a node’s key: 503 for that node, and for no other', {
    timeout: 40_000,
  }, async () => {
    const server = await start()
    const [broken, sound] = [await newNode(server), await newNode(server)]
    await append(server, broken, 'before')
    await append(server, sound, 'before')
    const reader = await open(server, sound)
    const key = `node_logs:${broken}`
    await redisCli(redis.port, ['RENAME', key, 'kept'])
    await redisCli(redis.port, ['SET', key, 'text'])
    for (const path of ['logs', 'logs/stream', 'logs?tail=all', 'logs/export?format=csv']) {
      const answer = await server.fetch(`/admin/nodes/${broken}/${path}`)
      expect([answer.status, answer.headers.get('Retry-After')]).toEqual([503, '1'])
      // Also where it was to be a compressed file.
      const type = 'application/json; charset=utf-8'
      expect([answer.headers.get('Content-Type'), await answer.json()]).toEqual([
        type,
        { error: { message: 'storage unavailable, try again' } },
      ])
      expect(answer.headers.get('Content-Disposition')).toBe(null)
    }
    expect((await append(server, broken, 'refused')).status).toBe(503)
    expect((await append(server, sound, 'taken')).status).toBe(202)
    await reader.event('what was taken', ({ data }) => data.message === 'taken')
    // The records of the other nodes are brought up to date all the same.
    await push(sound, foreign('by another', { phase: 'installing', progress: 65 }))
    await until('the other record', async () => {
      const record = await (await server.fetch(`/admin/nodes/${sound}`)).json()
      return (record as { progress: number }).progress === 65
    })
    expect(faultsOf(reader)).toMatchObject([{ event: 'status' }])
    await redisCli(redis.port, ['RENAME', 'kept', key])
    await insist(server, broken, 'after')
    expect(await listed(server, broken)).toEqual(['before', 'after'])
  })

  it('does not leave a reader behind for good whose list could not be read for a moment', async () => {
    const server = await start()
    const id = await newNode(server)
    const proxy = await startProxy(Number(new URL(server.url).port))
    // More than is kept in memory, so that the reader's pages come from Redis.
    const pad = 'x'.repeat(1000)
    const texts = Array.from({ length: 6000 }, (_, i) => foreign(`entry ${i} ${pad}`))
    for (let i = 0; i < texts.length; i += 500) await push(id, ...texts.slice(i, i + 500))
    const url = `http://127.0.0.1:${proxy.port}/admin/nodes/${id}/logs/stream?tail=all`
    const reader = await openStream(url, { 'X-Admin-Token': server.token })
    await until('its beginning', () => reader.messages().length > 0)
    proxy.freeze()
    await redisCli(redis.port, ['EVAL', MISPLACE, '2', `node_logs:${id}`, 'kept'])
    proxy.thaw()
    await until('the reader to be stuck', async () => {
      const before = reader.messages().length
      const beats = reader.comments.length
      await until('heartbeats', () => reader.comments.length > beats + 3)
      return reader.messages().length === before
    })
    expect(reader.messages().length).toBeLessThan(6000)
    await redisCli(redis.port, ['RENAME', 'kept', `node_logs:${id}`])
    await until('all the rest', () => reader.messages().length === 6000)
    expect(reader.messages().at(-1)).toBe(`entry 5999 ${pad}`)
    expect(faultsOf(reader)).toEqual([])
  })
})

const MISPLACE = `redis.call('RENAME', KEYS[1], KEYS[2]) return redis.call('SET', KEYS[1], 'text')`
