import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, type Found } from '@launchtail/client'
import { afterAll, describe, expect, it } from 'vitest'
import { newNode } from './support/nodes.js'
import { endAll, type RunningServer, startRedis, startServer, until } from './support/processes.js'
import { openStream } from './support/stream.js'

afterAll(endAll)

const NODES = 8
const ROUNDS = 6

describe.each(['SQLite', 'Redis'])('a search and the stream of many nodes on %s', (store) => {
  const started = async () => {
    const env =
      store === 'Redis' ? { REDIS_URL: (await startRedis(['--appendfsync', 'no'])).url } : {}
    return startServer({ env })
  }

  it('have each entry once between them, while entries are appended and launches end', {
    timeout: 60_000,
  }, async () => {
    const server = await started()
    for (let round = 0; round < ROUNDS; round += 1) {
      await joinOnce(server, `round${round}`, round % 3)
    }
  })

  it('are joined by a header only where the newest entries are on the page', async () => {
    const server = await started()
    const id = await newNode(server)
    await send(server, id, 5)
    const joins = async (query: string) =>
      (await server.fetch(`/admin/logs?${query}`)).headers.get('Log-Cursor')
    expect(await joins('limit=2')).toMatch(/^m[\w-]+$/)
    expect(await joins('order=asc')).toMatch(/^m[\w-]+$/)
    expect(await joins('order=asc&limit=2')).toBeNull()
    const { cursor } = (await (await server.fetch('/admin/logs?limit=2')).json()) as Found
    expect(await joins(`limit=2&cursor=${cursor}`)).toBeNull()
    expect(await joins('phase=queued')).toBeNull()
    expect(await joins(`node=${id},nobody`)).toBeNull()
  })

  it('are joined by the client', async () => {
    const server = await started()
    const id = await newNode(server)
    await send(server, id, 3)
    const client = createClient({ baseUrl: server.url, token: server.token })
    const asked = { q: 'quince', node: [id] }
    const { logs, lastEventId } = await client.searchLogs(asked)
    expect(logs).toHaveLength(3)
    await send(server, id, 1)
    for await (const { event, data } of client.streamLogs({ ...asked, lastEventId })) {
      expect([event, data]).toMatchObject(['log', { message: 'quince 0' }])
      break
    }
  })
})

async function joinOnce(server: RunningServer, word: string, kind: number): Promise<void> {
  const nodes = await Promise.all(Array.from({ length: NODES }, () => newNode(server)))
  const query = [`q=${word}`, `q=${word}&level=warn`, `node=${nodes}`][kind]
  let isOver = false
  let sent = 0
  const open = [...nodes]
  const writing = (async () => {
    for (; !isOver || sent < 60; sent += 1) {
      // The page has no more than 1,000 of them.
      if (sent > 200) await sleep(50)
      await send(server, open[sent % open.length] as string, 3, word)
      // Some end before the search, and some between it and the stream.
      if (sent % 12 === 11 && open.length > 2) await end(server, open.shift() as string, word)
    }
  })()
  await until('some entries', () => sent > 20)
  const found = await server.fetch(`/admin/logs?${query}&limit=1000`)
  const { logs } = (await found.json()) as Found
  const after = found.headers.get('Log-Cursor') as string
  const before = sent
  await until('more entries', () => sent > before + 10)
  const headers = { 'X-Admin-Token': server.token, 'Last-Event-ID': after }
  const stream = await openStream(`${server.url}/admin/logs/stream?${query}`, headers)
  isOver = true
  await writing
  for (const node of open) await end(server, node, word)
  const doneIn = () => new Set(ofEvent('done').map(({ data }) => data.node_id))
  await until('the last of them', () => doneIn().has(nodes[NODES - 1]))
  await until('all entries', async () => places().length >= (await allOf(server, nodes)).length)
  expect(ofEvent('gap')).toEqual([])
  expect(places().sort()).toEqual((await allOf(server, nodes)).sort())
  stream.close()

  function ofEvent(name: string) {
    return stream.events.filter(({ event }) => event === name)
  }

  /** What the search and the stream have of these nodes. */
  function places(): string[] {
    const streamed = ofEvent('log').map(({ data }) => data)
    return [...logs, ...streamed]
      .filter(({ node_id }) => nodes.includes(String(node_id)))
      .map(({ node_id, timestamp, message }) => `${node_id} ${timestamp} ${message}`)
  }
}

async function allOf(server: RunningServer, nodes: readonly string[]): Promise<string[]> {
  const found = await server.fetch(`/admin/logs?node=${nodes}&limit=1000&level=warn`)
  const { logs } = (await found.json()) as Found
  return logs.map(({ node_id, timestamp, message }) => `${node_id} ${timestamp} ${message}`)
}

let times = 0

async function send(
  server: RunningServer,
  id: string,
  count: number,
  word = 'quince',
): Promise<void> {
  const entries = Array.from({ length: count }, (_, n) => {
    times += 1
    const timestamp = new Date(Date.UTC(2026, 0, 1) + times).toISOString()
    return { message: `${word} ${n}`, level: 'warn', timestamp }
  })
  expect((await server.post(`/admin/nodes/${id}/logs`, entries)).status).toBe(202)
}

async function end(server: RunningServer, id: string, word: string): Promise<void> {
  const entry = { message: `${word} over`, phase: 'active', level: 'warn' }
  expect((await server.post(`/admin/nodes/${id}/logs`, entry)).status).toBe(202)
}
