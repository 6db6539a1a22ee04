import { brotliDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { connectHttp2, type Http2Stream } from './support/http2.js'
import { newNode } from './support/nodes.js'
import { endAll, type RunningServer, startServer, until } from './support/processes.js'
import {
  HOST,
  programOf,
  type ReverseProxy,
  startReverseProxy,
  TIMEOUT,
} from './support/reverse-proxy.js'
import type { ProxyName } from './support/reverse-proxy-kinds.js'

afterAll(endAll)

const HEARTBEAT = 400

describe.skipIf(!programOf('nginx'))('nginx, as in examples/proxies', () => carriesStreams('nginx'))
describe.skipIf(!programOf('caddy'))('Caddy, as in examples/proxies', () => carriesStreams('caddy'))
describe.skipIf(!programOf('envoy'))('Envoy, as in examples/proxies', () => carriesStreams('envoy'))

function carriesStreams(name: ProxyName): void {
  let server: RunningServer
  let proxy: ReverseProxy

  beforeAll(async () => {
    ;({ server, proxy } = await startBehind(name, { LAUNCHTAIL_HEARTBEAT: `${HEARTBEAT}ms` }))
  })

  it.each(['text/event-stream', 'application/x-ndjson', 'text/plain'])(
    'brings each entry before the next is sent in, and packs nothing: %s',
    async (accept) => {
      const id = await newNode(server)
      // nginx holds back the head of an answer until there is something of its body, and a plain text
      // has nothing before its first line.
      await append(server, id, 'before')
      const client = await connectHttp2(proxy)
      const stream = await client.open(streamOf(id), { accept, 'accept-encoding': 'gzip, br' })
      expect(stream.headers['content-type']).toContain(accept)
      expect(stream.headers).not.toHaveProperty('content-encoding')
      for (let n = 0; n < 20; n += 1) {
        await append(server, id, `entry ${n};`)
        await until(`entry ${n}`, () => stream.text().includes(`entry ${n};`))
      }
    },
  )

  it('keeps a silent stream for longer than its time-out, by the heartbeats', async () => {
    const id = await newNode(server)
    const stream = await (await connectHttp2(proxy)).open(streamOf(id))
    const began = performance.now()
    // Envoy gives an answer 15 s where it is not told otherwise.
    const heartbeats = 16_000 / HEARTBEAT
    await until('heartbeats', () => stream.text().split(': cursor ').length > heartbeats, 60_000)
    expect(performance.now() - began).toBeGreaterThan(2 * TIMEOUT)
    expect(stream.isOver()).toBe(false)
    await append(server, id, 'at last')
    await until('the entry', () => stream.messages().includes('at last'))
  }, 90_000)

  it('cuts a stream by its time-out where heartbeats are rarer', async () => {
    const rare = await startBehind(name, { LAUNCHTAIL_HEARTBEAT: '10m' })
    const id = await newNode(rare.server)
    const stream = await (await connectHttp2(rare.proxy)).open(streamOf(id))
    const began = performance.now()
    await stream.ended
    expect(performance.now() - began).toBeGreaterThan(TIMEOUT / 2)
    // Caddy 2.6 ends what it cuts as if that were all.
    expect(stream.isWhole()).toBe(name === 'caddy')
  }, 60_000)

  it('lets a reader resume after the last event it saw', async () => {
    const id = await newNode(server)
    const client = await connectHttp2(proxy)
    const stream = await client.open(streamOf(id))
    for (let n = 0; n < 5; n += 1) await append(server, id, `entry ${n}`)
    await until('five entries', () => stream.messages().length === 5)
    stream.close()
    for (let n = 5; n < 10; n += 1) await append(server, id, `entry ${n}`)
    const resumed = await client.open(streamOf(id), { 'last-event-id': stream.lastId() })
    await until('the others', () => resumed.messages().length >= 5)
    expect(resumed.messages()).toEqual([5, 6, 7, 8, 9].map((n) => `entry ${n}`))
  })

  it('ends the stream at the server when its reader leaves', async () => {
    const id = await newNode(server)
    await until('the streams before it to end', async () => (await streamsAt(server)) === 0)
    const stream = await (await connectHttp2(proxy)).open(streamOf(id))
    await until('the stream', async () => (await streamsAt(server)) === 1)
    stream.close()
    await until('its end', async () => (await streamsAt(server)) === 0)
  })

  it('carries a hundred streams over one connection', async () => {
    const id = await newNode(server)
    const client = await connectHttp2(proxy)
    const streams = await Promise.all(Array.from({ length: 100 }, () => client.open(streamOf(id))))
    await append(server, id, 'to all')
    await until('all to have it', () => streams.every((one) => one.messages().length === 1))
  })

  it('passes on a history as the server has compressed it', async () => {
    const id = await newNode(server)
    await append(server, id, 'word '.repeat(5000))
    const client = await connectHttp2(proxy)
    const path = `/admin/nodes/${id}/logs`
    const answer = await client.request(path, { headers: { 'accept-encoding': 'br' } })
    expect(answer.headers['content-encoding']).toBe('br')
    const plain = await (await server.fetch(path)).text()
    expect(brotliDecompressSync(answer.body).toString()).toBe(plain)
  })

  it('takes as much output as the server takes', async () => {
    const id = await newNode(server)
    // nginx takes 1 MiB where it is not told otherwise.
    const body = JSON.stringify(Array(25).fill({ message: 'word '.repeat(10_000) }))
    const headers = { 'content-type': 'application/json' }
    const client = await connectHttp2(proxy)
    const path = `/admin/nodes/${id}/logs`
    const answer = await client.request(path, { method: 'POST', headers, body })
    expect([answer.status, String(answer.body)]).toEqual([
      202,
      expect.stringContaining('"accepted":25'),
    ])
  })

  it('shows whose wrong tokens they are', async () => {
    const from = async (address: string, token?: string) => {
      const client = await connectHttp2(proxy, address)
      // What a caller claims for itself does not count.
      const claim = { 'x-forwarded-for': `198.51.100.${claims}` }
      claims += 1
      const headers = { ...claim, ...(token && { 'x-admin-token': token }) }
      return (await client.request('/admin/nodes', { headers })).status
    }
    let claims = 0
    for (let n = 0; n < 10; n += 1) {
      expect(await from('127.0.0.2', 'wrong-token-0123456789')).toBe(401)
    }
    expect(await from('127.0.0.2')).toBe(429)
    expect(await from('127.0.0.3')).toBe(200)
    expect((await server.fetch('/admin/nodes')).status).toBe(200)
  })

  it('passes on the end of a stream when the server stops, and says that it is away', async () => {
    const stopping = await startBehind(name, {})
    const id = await newNode(stopping.server)
    const client = await connectHttp2(stopping.proxy)
    const stream = await client.open(streamOf(id))
    expect(await stopping.server.stop()).toBe(0)
    await stream.ended
    expect(stream.isWhole()).toBe(true)
    const { status } = await client.request('/healthz')
    expect(status).toBe(name === 'envoy' ? 503 : 502)
  }, 60_000)

  // The last one: the proxy is another one afterwards.
  it('loses no line when it is reloaded', async () => {
    const id = await newNode(server)
    const reader = await followThrough(proxy, id)
    const expected: string[] = []
    const appendSome = async () => {
      for (let n = 0; n < 10; n += 1) {
        expected.push(`entry ${expected.length}`)
        await append(server, id, expected.at(-1) ?? '')
      }
    }
    await appendSome()
    const reloading = proxy.reload()
    await appendSome()
    await reloading
    await until('the new configuration', async () => {
      const { request } = await connectHttp2(proxy)
      const { headers } = await request('/healthz')
      await appendSome()
      return headers['x-config'] === '2'
    })
    await until('all entries', () => reader.messages().length >= expected.length)
    expect(reader.messages()).toEqual(expected)
  }, 60_000)
}

async function startBehind(name: ProxyName, env: Record<string, string>) {
  const server = await startServer({
    env: {
      LAUNCHTAIL_ALLOWED_HOSTS: HOST,
      LAUNCHTAIL_TRUSTED_PROXIES: '127.0.0.1',
      ...env,
    },
  })
  return { server, proxy: await startReverseProxy(name, { upstream: server.url }) }
}

/** Reads a log as any client does: after a cut it comes again with the last id. */
async function followThrough(proxy: ReverseProxy, id: string) {
  const streams: Http2Stream[] = []
  let isDone = false
  onTestFinished(() => {
    isDone = true
  })
  void follow()
  await until('the stream', () => streams.length > 0)
  return {
    messages: () => streams.flatMap((stream) => stream.messages()),
  }

  async function follow(): Promise<void> {
    while (!isDone) {
      const lastId = streams.at(-1)?.lastId()
      const headers: Record<string, string> = lastId ? { 'last-event-id': lastId } : {}
      try {
        const stream = await (await connectHttp2(proxy)).open(streamOf(id), headers)
        streams.push(stream)
        await stream.ended
      } catch {
        // The old proxy does not take it any more, and the new one does not yet.
      }
    }
  }
}

function streamOf(id: string): string {
  return `/admin/nodes/${id}/logs/stream?tail=all`
}

async function append(server: RunningServer, id: string, message: string): Promise<void> {
  const answer = await server.post(`/admin/nodes/${id}/logs`, { message })
  expect(answer.status, await answer.text()).toBe(202)
}

async function streamsAt(server: RunningServer): Promise<number> {
  const metrics = await (await server.fetch('/metrics')).text()
  return Number(/^launchtail_streams (\d+)/m.exec(metrics)?.[1])
}
