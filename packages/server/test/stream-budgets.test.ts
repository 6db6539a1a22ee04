import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { START } from '@launchtail/client/protocol'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createLogFilter } from '../src/find/log-filter.js'
import { readEntry, writeEntry } from '../src/logs/entry-text.js'
import { redisLogStore } from '../src/logs/redis/store.js'
import { sqliteLogStore } from '../src/logs/sqlite/store.js'
import type { LogStore } from '../src/logs/store.js'
import { createFeeds, type Feeds } from '../src/stream/feeds.js'
import { FORMATS } from '../src/stream/formats.js'
import { redisCli, startRedis, temporaryFolder, until } from './support/processes.js'

// What a reader and an entry may cost, counted and not timed: a busy machine changes none of it.

const MIB = 1024 * 1024
const HEARTBEAT = 3_600_000
let parsed = 0
let watched = 0
let store: LogStore
let feeds: Feeds
let port = 0
/** The server's side of each connection. */
const sockets = new Set<Socket>()
let writes = 0
let longestQueue = 0
/** How far the streams' clock is ahead, in milliseconds. */
let ahead = 0

beforeEach(async () => {
  const folder = await temporaryFolder()
  await serve(await sqliteLogStore({ file: join(folder, 'logs.db'), retention: 60_000 }))
})

afterEach(() => vi.restoreAllMocks())

async function serve(real: LogStore): Promise<void> {
  parsed = watched = writes = longestQueue = ahead = 0
  sockets.clear()
  store = {
    ...real,
    watch(nodeId, watcher) {
      watched += 1
      const unwatch = real.watch(nodeId, watcher)
      return () => {
        watched -= 1
        unwatch()
      }
    },
  }
  feeds = createFeeds({
    store,
    readText(text) {
      parsed += 1
      return readEntry(text)
    },
    recordAt: async () => undefined,
    heartbeat: HEARTBEAT,
    timeout: 100 * HEARTBEAT,
    storageGrace: 60_000,
    now: () => performance.now() + ahead,
  })
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
    const level = searchParams.get('level')
    const levels = level ? new Set([level as 'error']) : undefined
    const filter = createLogFilter({ levels })
    void feeds.use(pathname.slice(1), async ({ fanout, feed }) => {
      const from = searchParams.has('all') ? START : feed.tip()
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      fanout.add({ response, format: FORMATS.sse, filter, from, phase: 'queued', retry: 1500 })
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    const write = socket.write
    socket.write = ((...args: Parameters<typeof write>) => {
      writes += 1
      const flushed = write.apply(socket, args)
      longestQueue = Math.max(longestQueue, socket.writableLength)
      return flushed
    }) as typeof write
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as { port: number }).port
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await feeds.drain(0)
    await store.close()
  })
}

interface Client {
  readonly socket: Socket
  text(): string
  /** How many events it has had. */
  events(): number
}

async function read(path: string): Promise<Client> {
  const socket = connect(port, '127.0.0.1')
  const pieces: string[] = []
  let events = 0
  let end = ''
  socket.setEncoding('utf8').on('data', (piece: string) => {
    pieces.push(piece)
    const text = end + piece
    events += text.split('event: ').length - 1
    end = text.slice(-('event: '.length - 1))
  })
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  await until('the stream to open', () => pieces[0]?.includes(': cursor'), 60_000)
  return { socket, text: () => pieces.join(''), events: () => events }
}

function manyReaders(path: string, count: number): Promise<Client[]> {
  return Promise.all(Array.from({ length: count }, () => read(path)))
}

function entry(message: string, level: 'info' | 'error' = 'info'): string {
  const timestamp = '2026-11-23T12:00:00.000Z'
  return writeEntry({ timestamp, level, message, phase: 'installing' })
}

function events(client: Client): number {
  return client.events()
}

describe('entries that are appended together', () => {
  it('are one write for each reader, parsed once and framed once', async () => {
    const readers = await manyReaders('/n?', 300)
    const framing = vi.spyOn(FORMATS.sse, 'entryEvent')
    writes = parsed = 0
    const texts = Array.from({ length: 200 }, (_, i) => entry(`entry ${i}`))
    await Promise.all(texts.map((text) => store.append('n', [text])))
    await until('all to have all', () => readers.every((reader) => events(reader) === 200))
    expect(writes).toBe(300)
    expect(parsed).toBe(200)
    expect(framing).toHaveBeenCalledTimes(200)
  })

  it('are framed once for readers with other filters too', async () => {
    const paths = ['/n?', '/n?level=error', '/n?level=info']
    const readers = (await Promise.all(paths.map((path) => manyReaders(path, 20)))).flat()
    const framing = vi.spyOn(FORMATS.sse, 'entryEvent')
    writes = parsed = 0
    const texts = Array.from({ length: 100 }, (_, i) => entry(`entry ${i}`))
    await store.append('n', texts)
    await until('all to have all', () =>
      readers.every((reader, i) => events(reader) === (i >= 20 && i < 40 ? 0 : 100)),
    )
    // Nothing is written to those who see none of it.
    expect(writes).toBe(40)
    expect(parsed).toBe(100)
    expect(framing).toHaveBeenCalledTimes(100)
  })

  it('are sent to 600 readers in slices, and other work gets its turn in between', async () => {
    const readers = await manyReaders('/n?', 600)
    let turns = 0
    let counted = 0
    const look = () => {
      // A turn in which some were written to and some were not yet.
      if (writes > 0 && writes < 600 && writes !== counted) turns += 1
      counted = writes
      if (writes < 600) setImmediate(look)
    }
    writes = 0
    setImmediate(look)
    await store.append('n', [entry('one')])
    await until('all to have it', () => readers.every((reader) => events(reader) === 1))
    expect(turns).toBeGreaterThanOrEqual(2)
    expect(writes).toBe(600)
  })

  it('are one write a page where they are many, and no reader is left out of the sharing', async () => {
    const readers = await manyReaders('/n?', 50)
    writes = 0
    const framing = vi.spyOn(FORMATS.sse, 'entryEvent')
    // 1.1 MB: nine pages of 128 KiB.
    const texts = Array.from({ length: 1000 }, (_, i) => entry(`${i} ${'x'.repeat(1000)}`))
    await store.append('n', texts)
    await until('all to have all', () => readers.every((reader) => events(reader) === 1000))
    expect(writes).toBeLessThanOrEqual(50 * 11)
    expect(framing).toHaveBeenCalledTimes(1000)
  })
})

describe('heartbeats', () => {
  it('to 1,000 readers are sent in slices, and other work gets its turn in between', async () => {
    const paths = Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? '/n?' : `/n${i % 100}?`))
    const readers = await Promise.all(paths.map(read))
    let most = 0
    let counted = 0
    writes = 0
    const look = () => {
      most = Math.max(most, writes - counted)
      counted = writes
      if (writes < 1000) setImmediate(look)
    }
    setImmediate(look)
    ahead = HEARTBEAT
    const beats = (reader: Client) => reader.text().split(': cursor').length - 2
    await until('all to have one', () => readers.every((reader) => beats(reader) === 1))
    expect(writes).toBe(1000)
    expect(most).toBeLessThan(1000)
  })
})

describe('a history', () => {
  it('is parsed and framed once, however many ask for all of it', async () => {
    const texts = Array.from({ length: 5000 }, (_, i) => entry(`entry ${i}`))
    for (let i = 0; i < 5000; i += 500) await store.append('n', texts.slice(i, i + 500))
    const reading = vi.spyOn(store, 'read')
    const framing = vi.spyOn(FORMATS.sse, 'entryEvent')
    const readers = await manyReaders('/n?all', 20)
    await until('all to have all', () => readers.every((reader) => events(reader) === 5000))
    expect(framing).toHaveBeenCalledTimes(5000)
    // A page of the store begins with the entry before it, to know that the list is still the same.
    expect(parsed).toBeLessThanOrEqual(5000 + 12)
    // Pages of 500, and what is loaded when the node is first watched; no read for a reader.
    expect(reading.mock.calls.length).toBeLessThanOrEqual(12)
  })

  it('of long entries is read by pages that one write takes, not by more', async () => {
    // More than a feed keeps in memory, so that each page comes from the store.
    const texts = Array.from({ length: 240 }, (_, i) => entry(`${i} ${'x'.repeat(60_000)}`))
    for (let i = 0; i < texts.length; i += 40) await store.append('n', texts.slice(i, i + 40))
    const reader = await read('/n?all')
    await until('all', () => events(reader) === texts.length, 20_000)
    // An entry is read again as the beginning of the next page, and to learn where the list is.
    expect(parsed).toBeLessThan(2 * texts.length)
  })
})

describe('a reader that does not read', () => {
  it('has at most 1 MiB waiting for it, and continues exactly when it reads again', async () => {
    const [stalled, ...others] = (await manyReaders('/n?', 4)) as [Client, ...Client[]]
    stalled.socket.pause()
    const total = 3000
    for (let i = 0; i < total; i += 100) {
      const texts = Array.from({ length: 100 }, (_, j) => entry(`${i + j} ${'x'.repeat(4000)}`))
      await store.append('n', texts)
      await until('the others to have it', () => others.every((one) => events(one) === i + 100))
    }
    expect(longestQueue).toBeGreaterThan(0)
    expect(longestQueue).toBeLessThanOrEqual(MIB)
    stalled.socket.resume()
    await until('it to have all', () => events(stalled) === total)
    const seen = [...stalled.text().matchAll(/"message":"(\d+) /g)].map(([, i]) => Number(i))
    expect(seen).toEqual(Array.from({ length: total }, (_, i) => i))
  }, 60_000)
})

describe('10,000 readers that have come and gone', () => {
  it('leave no timer, socket, subscription or reader behind', async () => {
    await (await gone(await manyReaders('/n?', 5))).settled()
    const before = resources()
    for (let batch = 0; batch < 20; batch += 1) {
      const clients = await manyReaders(`/n${batch % 3}?`, 500)
      await store.append(`n${batch % 3}`, [entry('one')])
      await (await gone(clients)).settled()
    }
    expect(feeds.readers()).toBe(0)
    expect(watched).toBe(0)
    await until('what the process holds to be what it was', () => {
      const now = resources()
      return now.Timeout <= before.Timeout && now.TCPSocketWrap <= before.TCPSocketWrap
    })
  }, 120_000)

  async function gone(clients: Client[]) {
    for (const { socket } of clients) socket.destroy()
    return {
      settled: () =>
        until('the server to have noticed', () => sockets.size === 0 && feeds.readers() === 0),
    }
  }

  function resources(): { Timeout: number; TCPSocketWrap: number } {
    const counts = { Timeout: 0, TCPSocketWrap: 0 }
    for (const name of process.getActiveResourcesInfo()) {
      if (name in counts) counts[name as keyof typeof counts] += 1
    }
    return counts
  }
})

describe('on Redis', () => {
  it('an append is one script, and readers make no command', async () => {
    const redis = await startRedis(['--appendonly', 'no'])
    await serve(await redisLogStore({ url: redis.url, retention: 60_000, pollInterval: 60_000 }))
    const readers = (
      await Promise.all(Array.from({ length: 10 }, (_, i) => manyReaders(`/n${i}?`, 20)))
    ).flat()
    await store.append('other', [entry('so that the script is known')])
    await redisCli(redis.port, ['CONFIG', 'RESETSTAT'])
    const last = entry('one')
    for (let length = 0; length < 20; length += 1) {
      const precondition = { length, last: length > 0 ? last : undefined }
      const append = (_: unknown, n: number) => store.append(`n${n}`, [last], { precondition })
      await Promise.all(Array.from({ length: 10 }, append))
    }
    await until('all to have all', () => readers.every((reader) => events(reader) === 20))
    const calls = await commandStats(redis.port)
    expect(calls.evalsha).toBe(200)
    expect(calls.rpush).toBe(200)
    expect(calls.publish).toBe(200)
    expect(calls.lrange ?? 0).toBe(0)
    const own = [
      'evalsha',
      'get',
      'rpush',
      'publish',
      'pexpire',
      'llen',
      'lindex',
      'time',
      'config|resetstat',
    ]
    expect(Object.keys(calls).filter((name) => !own.includes(name))).toEqual([])
  })

  it('appends of one turn are one write', async () => {
    const redis = await startRedis(['--appendonly', 'no'])
    const options = { url: redis.url, retention: 60_000, pollInterval: 60_000 }
    const lone = await redisLogStore(options)
    onTestFinished(() => lone.close())
    const append = (node: number) => lone.append(`n${node}`, [entry('one')])
    await append(0)
    const before = await readsOf(redis.port)
    await Promise.all(Array.from({ length: 100 }, (_, i) => append(i)))
    // Redis takes at most 16 KiB at a time; the rest are this question and what has come due.
    expect((await readsOf(redis.port)) - before).toBeLessThan(15)
  })

  it('at rest each watched list is looked at once a poll, however many read it', async () => {
    const redis = await startRedis(['--appendonly', 'no'])
    const pollInterval = 100
    await serve(await redisLogStore({ url: redis.url, retention: 60_000, pollInterval }))
    for (let i = 0; i < 5; i += 1) await store.append(`n${i}`, [entry('one')])
    await Promise.all(Array.from({ length: 5 }, (_, i) => manyReaders(`/n${i}?`, 40)))
    await redisCli(redis.port, ['CONFIG', 'RESETSTAT'])
    const since = performance.now()
    await until('some polls', async () => ((await commandStats(redis.port)).evalsha ?? 0) >= 50)
    const calls = await commandStats(redis.port)
    const polls = (performance.now() - since) / pollInterval + 2
    expect(calls.evalsha).toBeLessThanOrEqual(5 * polls)
    expect(calls.lrange).toBe(calls.evalsha)
    const own = ['evalsha', 'llen', 'pttl', 'hgetall', 'lrange', 'info', 'config|resetstat']
    expect(Object.keys(calls).filter((name) => !own.includes(name))).toEqual([])
  })

  async function readsOf(port: number): Promise<number> {
    const info = await redisCli(port, ['INFO', 'stats'])
    return Number(/total_reads_processed:(\d+)/.exec(info)?.[1])
  }

  async function commandStats(of: number): Promise<Record<string, number>> {
    const info = await redisCli(of, ['INFO', 'commandstats'])
    const found = info.matchAll(/cmdstat_([\w|]+):calls=(\d+)/g)
    return Object.fromEntries([...found].map(([, name, calls]) => [name, Number(calls)]))
  }
})
