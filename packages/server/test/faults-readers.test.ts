import { randomUUID } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ANY_STREAMS } from './support/limits.js'
import { newNode } from './support/nodes.js'
import {
  type RunningRedis,
  type RunningServer,
  redisCli,
  startRedis,
  startServer,
  until,
} from './support/processes.js'
import { parseStream } from './support/reading.js'
import { type OpenedStream, openStream } from './support/stream.js'

const BEATS = { LAUNCHTAIL_HEARTBEAT: '200ms', LAUNCHTAIL_LOG_LEVEL: 'error' }

async function start(redis: RunningRedis, env = {}): Promise<RunningServer> {
  return startServer({ env: { REDIS_URL: redis.url, ...BEATS, ...env } })
}

function send(
  server: RunningServer,
  id: string,
  messages: readonly string[],
  headers: Record<string, string> = {},
): Promise<Response> {
  const entries = messages.map((message) => ({ message }))
  return server.post(`/admin/nodes/${id}/logs`, entries, headers)
}

/** Each part until it is taken: a machine that is busy may make Redis too slow for a moment. */
async function sendAll(server: RunningServer, id: string, messages: readonly string[]) {
  for (let i = 0; i < messages.length; i += 1000) {
    const part = messages.slice(i, i + 1000)
    const key = { 'Idempotency-Key': randomUUID() }
    await until('entries to be taken', async () => {
      const answer = await send(server, id, part, key)
      await answer.arrayBuffer()
      expect([202, 409, 503]).toContain(answer.status)
      return answer.status === 202
    })
  }
}

function open(server: RunningServer, id: string, query = ''): Promise<OpenedStream> {
  const url = `${server.url}/admin/nodes/${id}/logs/stream?${query}`
  return openStream(url, { 'X-Admin-Token': server.token })
}

function numbered(word: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${word} ${i}`)
}

/** A reader on a connection of its own that can stop reading; what it has had is kept as text. */
function rawReader(server: RunningServer, id: string, lastId = '') {
  const { port } = new URL(server.url)
  const socket: Socket = connect(Number(port), '127.0.0.1')
  const pieces: string[] = []
  socket.setEncoding('utf8').on('data', (piece: string) => pieces.push(piece))
  // The server cuts who does not read, and is ended while some are connected.
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  const resume = lastId ? `Last-Event-ID: ${lastId}\r\n` : ''
  socket.write(
    `GET /admin/nodes/${id}/logs/stream?tail=0 HTTP/1.0\r\nHost: localhost\r\nX-Admin-Token: ${server.token}\r\n${resume}\r\n`,
  )
  const text = () => pieces.join('')
  return {
    socket,
    /** Whether these words have come. */
    has: (words: string) => text().includes(words),
    opened: () => until('the stream to open', () => pieces.length > 0, 60_000),
    stream: () => parseStream(text().slice(text().indexOf('\r\n\r\n') + 4)),
  }
}

describe('Redis ends the listening connection for what waits on it', () => {
  it('loses nothing of a burst of 50,000 entries', async () => {
    const redis = await startRedis(['--client-output-buffer-limit', 'pubsub 64kb 0 0'])
    const server = await start(redis)
    const id = await newNode(server)
    const reader = await open(server, id)
    const messages = numbered('entry', 50_000)
    await sendAll(server, id, messages)
    await until('all of it', () => reader.messages().length >= messages.length, 60_000)
    expect(reader.messages()).toEqual(messages)
  }, 90_000)
})

describe('a Redis that takes nothing more', () => {
  it('refuses what is sent in and is not ready, while reading goes on', async () => {
    const redis = await startRedis()
    const server = await start(redis)
    const id = await newNode(server)
    const reader = await open(server, id)
    await sendAll(server, id, ['before'])
    await redisCli(redis.port, ['CONFIG', 'SET', 'maxmemory', '1mb'])
    const answer = await send(server, id, ['refused'])
    expect([answer.status, answer.headers.get('Retry-After')]).toEqual([503, '1'])
    expect(await answer.json()).toEqual({ error: { message: 'storage unavailable, try again' } })
    expect((await server.fetch('/readyz')).status).toBe(503)
    const history = await server.fetch(`/admin/nodes/${id}/logs`)
    expect(history.status).toBe(200)
    expect(await history.json()).toMatchObject({ count: 1 })
    const beats = reader.comments.length
    await until('heartbeats to go on', () => reader.comments.length > beats + 1)
    const late = await open(server, id)
    await until('the history', () => late.messages().includes('before'))

    await redisCli(redis.port, ['CONFIG', 'SET', 'maxmemory', '0'])
    await until('it to be ready again', async () => (await server.fetch('/readyz')).ok)
    await sendAll(server, id, ['after'])
    await until('the entry', () => reader.messages().includes('after'))
    expect(reader.messages()).toEqual(['before', 'after'])
    expect(reader.events.every(({ event }) => event === 'log')).toBe(true)
    // The reason is the operator's, not the sender's.
    expect(server.output()).toContain('OOM')
  })
})

describe('another program', () => {
  it('may write what is far too long, or in front of the list: told as a gap, and passed over', async () => {
    const redis = await startRedis()
    const server = await start(redis)
    const id = await newNode(server)
    const key = `node_logs:${id}`
    await sendAll(server, id, ['first'])
    const reader = await open(server, id)
    await until('the history', () => reader.messages().length === 1)
    const timestamp = '2024-01-15T10:30:00Z'
    const entry = (message: string) =>
      JSON.stringify({ timestamp, level: 'info', message, phase: 'queued' })
    const long = entry('x'.repeat(10 * 1024 * 1024))
    await redisCli(redis.port, ['-x', 'RPUSH', key], long)
    await sendAll(server, id, ['second'])
    await until('the next entry', () => reader.messages().includes('second'))
    expect(reader.messages()).toEqual(['first', 'second'])

    await redisCli(redis.port, ['LPUSH', key, entry('in front')])
    const gap = await reader.event('a gap', ({ event }) => event === 'gap')
    expect(gap.data).toMatchObject({ reason: 'rewritten', resumed_from: '-1:0:log' })
    await until('the list anew', () => reader.messages().length === 5)
    expect(reader.messages().slice(2)).toEqual(['in front', 'first', 'second'])
  }, 60_000)
})

describe('200 readers that do not read, in a process with little memory', () => {
  it('cost it nothing that grows, and the others get everything', async () => {
    const server = await startServer({
      env: { ...BEATS, NODE_OPTIONS: '--max-old-space-size=96', LAUNCHTAIL_HEARTBEAT: '15s' },
    })
    const id = await newNode(server)
    const stalled = Array.from({ length: 200 }, () => rawReader(server, id))
    await Promise.all(stalled.map((reader) => reader.opened()))
    for (const { socket } of stalled) socket.pause()
    const reader = rawReader(server, id)
    await reader.opened()
    const messages = numbered('entry', 100_000)
    await sendAll(server, id, messages)
    await until('the last entry', () => reader.has('"entry 99999"'), 60_000)
    const seen = reader.stream().events.map(({ data }) => data.message)
    expect(seen).toEqual(messages)
    expect(server.child.exitCode).toBe(null)

    // One of those that slept goes on where it was cut, or where it was left.
    const [woken] = stalled as [(typeof stalled)[0]]
    woken.socket.resume()
    await until('it to have moved', () => woken.stream().events.length > 0)
    const { lastId, events } = woken.stream()
    woken.socket.destroy()
    const next = Number(lastId.split(':')[0]) + 1
    expect(events.map(({ data }) => data.message)).toEqual(messages.slice(0, next))
    const again = rawReader(server, id, lastId)
    await until('the rest', () => again.has('"entry 99999"'), 60_000)
    expect(again.stream().events.map(({ data }) => data.message)).toEqual(messages.slice(next))
  }, 120_000)
})

describe('readers that all come again at once', () => {
  it('are served from what the process has, without a command of Redis for each', async () => {
    const redis = await startRedis()
    const server = await start(redis, {
      LAUNCHTAIL_POLL_INTERVAL: '60s',
      ...ANY_STREAMS,
    })
    const ids = await Promise.all(Array.from({ length: 3 }, () => newNode(server)))
    for (const id of ids) await sendAll(server, id, numbered('entry', 150))
    const first = await open(server, ids[0] as string, 'tail=all')
    await until('the history', () => first.messages().length === 150)
    const others = await Promise.all(ids.slice(1).map((id) => open(server, id, 'tail=all')))
    await until('the histories', () => others.every((one) => one.messages().length === 150))
    const seen = [first, ...others].map(({ events }) => String(events[49]?.id))
    await redisCli(redis.port, ['CONFIG', 'RESETSTAT'])
    const readers = Array.from({ length: 900 }, (_, i) =>
      rawReader(server, ids[i % 3] as string, seen[i % 3]),
    )
    for (const reader of readers) {
      await until('each to have what it lacks', () => reader.has('"entry 149"'), 60_000)
    }
    for (const reader of readers.slice(0, 30)) {
      const messages = reader.stream().events.map(({ data }) => data.message)
      expect(messages).toEqual(numbered('entry', 150).slice(50))
    }
    const info = await redisCli(redis.port, ['INFO', 'stats'])
    const commands = Number(/total_commands_processed:(\d+)/.exec(info)?.[1])
    expect(commands).toBeLessThanOrEqual(3 * 2 + 100)
  }, 90_000)
})
