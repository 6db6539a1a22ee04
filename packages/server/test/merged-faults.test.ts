import { get, type IncomingMessage } from 'node:http'
import { afterAll, describe, expect, it } from 'vitest'
import { endAll, type RunningServer, startRedis, startServer, until } from './support/processes.js'
import { parseStream } from './support/reading.js'
import { openStream } from './support/stream.js'

afterAll(endAll)

const HEARTBEAT = { LAUNCHTAIL_HEARTBEAT: '200ms', LAUNCHTAIL_LOG_LEVEL: 'error' }

async function newNodes(server: RunningServer, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let n = 0; n < count; n += 1) {
    const answer = await server.post('/admin/nodes', {})
    ids.push(((await answer.json()) as { node_id: string }).node_id)
  }
  return ids
}

async function send(server: RunningServer, id: string, entries: object[]): Promise<void> {
  const answer = await server.post(`/admin/nodes/${id}/logs`, entries)
  expect(answer.status).toBe(202)
}

function open(server: RunningServer, query: string, after = '') {
  const headers = { 'X-Admin-Token': server.token, ...(after && { 'Last-Event-ID': after }) }
  return openStream(`${server.url}/admin/logs/stream?${query}`, headers)
}

describe('a reader of many nodes that stalls', () => {
  it('holds nobody up, and gets all it has missed when it reads on', async () => {
    const server = await startServer({ env: HEARTBEAT })
    const nodes = await newNodes(server, 6)
    const set = nodes.slice(0, 5).join()
    const stalled = await stalledReader(server, `node=${set}`)
    const other = await open(server, `node=${set}`)
    const filtered = await open(server, `node=${set}&q=never`)
    const text = 'x'.repeat(2000)
    for (let n = 0; n < 60; n += 1) {
      const entries = Array.from({ length: 10 }, (_, i) => ({ message: `${n * 10 + i} ${text}` }))
      await Promise.all(nodes.slice(0, 5).map((id) => send(server, id, entries)))
    }
    await until('the other one to have all', () => other.messages().length === 3000)
    for (const id of nodes.slice(0, 5)) await send(server, id, [{ message: 'up', phase: 'active' }])
    await other.ended
    expect(filtered.messages()).toEqual([])
    const { events } = parseStream(await stalled.read())
    const strip = (list: typeof events) => list.map(({ event, data }) => ({ event, data }))
    for (const id of nodes.slice(0, 5)) {
      const of = (list: typeof events) => strip(list.filter(({ data }) => data.node_id === id))
      expect(of(events)).toEqual(of(other.events))
    }
    expect(events.at(-1)?.event).toBe('end')
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
  }, 60_000)

  /** Asks for a stream and takes nothing of it until `read`. */
  async function stalledReader(server: RunningServer, query: string) {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { 'X-Admin-Token': server.token }
      const url = `${server.url}/admin/logs/stream?${query}`
      get(url, { headers, agent: false }, resolve).on('error', reject)
    })
    response.pause()
    return {
      async read(): Promise<string> {
        const chunks: Buffer[] = []
        for await (const chunk of response) chunks.push(chunk as Buffer)
        return Buffer.concat(chunks).toString()
      },
    }
  }
})

it('says when Redis is away, and goes on with what came and joined meanwhile', async () => {
  const redis = await startRedis(['--appendfsync', 'no'])
  const server = await startServer({ env: { ...HEARTBEAT, REDIS_URL: redis.url } })
  const [one = '', two = ''] = await newNodes(server, 2)
  await send(server, one, [{ message: 'before' }])
  const reader = await open(server, '')
  await reader.event('the history', ({ data }) => data.message === 'before')
  await redis.kill()
  await reader.event('the loss', ({ data }) => data.details === 'Redis connection lost')
  const refused = await server.fetch(`/admin/logs/stream?node=${one}`)
  expect([refused.status, refused.headers.has('retry-after')]).toEqual([503, true])
  await redis.restart()
  await until('Redis to be back', async () => {
    const answer = await server.post(`/admin/nodes/${two}/logs`, [{ message: 'after' }])
    return answer.status === 202
  })
  await send(server, one, [{ message: 'after too' }])
  const [three = ''] = await newNodes(server, 1)
  await send(server, three, [{ message: 'new' }])
  await reader.event('the new one', ({ data }) => data.message === 'new')
  await until('all', () => reader.messages().length === 4)
  expect(reader.events.filter(({ event }) => event === 'error')).toHaveLength(1)
  expect(reader.events.filter(({ event }) => event === 'gap')).toEqual([])
  expect(reader.messages().sort()).toEqual(['after', 'after too', 'before', 'new'])
}, 60_000)

it('refuses more than 500 open nodes, and ends a stream that more of them join', async () => {
  const server = await startServer({ env: HEARTBEAT })
  const nodes = await newNodes(server, 500)
  const words = 'more than 500 open nodes; narrow with node= or phase='
  await send(server, nodes[0] ?? '', [{ message: 'Installing', phase: 'installing' }])
  const reader = await open(server, 'tail=0')
  await until('the opening', () => reader.lastId() !== '')
  expect(reader.lastId().length).toBeLessThanOrEqual(4096)
  await newNodes(server, 1)
  await reader.ended
  expect(reader.events.at(-1)).toMatchObject({
    event: 'error',
    data: { error: words, details: '' },
  })
  const again = await server.fetch('/admin/logs/stream', {
    headers: { 'Last-Event-ID': reader.lastId() },
  })
  expect([again.status, await again.json()]).toEqual([400, { error: { message: words } }])
  const narrowed = await open(server, 'phase=installing')
  await narrowed.event('its history', ({ data }) => data.message === 'Installing')
}, 60_000)

it('refuses ids of 100 KB, in the header and in the address', async () => {
  const server = await startServer({ env: HEARTBEAT })
  const id = `m${'A'.repeat(100_000)}`
  const header = await server.fetch('/admin/logs/stream', { headers: { 'Last-Event-ID': id } })
  const address = await server.fetch(`/admin/logs/stream?last_event_id=${id}`)
  expect(header.status).toBe(431)
  expect([414, 431]).toContain(address.status)
})
