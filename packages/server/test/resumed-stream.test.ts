import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createResumedStream } from '../src/http/routes/resumed-stream.js'
import { readEntry } from '../src/logs/entry-text.js'
import { sqliteLogStore } from '../src/logs/sqlite/store.js'
import type { LogStore } from '../src/logs/store.js'
import { createFeeds } from '../src/stream/feeds.js'
import { FORMATS } from '../src/stream/formats.js'
import { NO_LIMITS } from './support/limits.js'
import { ANYBODY } from './support/principals.js'
import {
  endAll,
  type RunningServer,
  startServer,
  temporaryFolder,
  until,
} from './support/processes.js'
import { rawConnection, rawRequest } from './support/raw-http.js'
import { openStream } from './support/stream.js'

afterAll(endAll)

const ENTRIES = Array.from({ length: 20 }, (_, i) => ({
  timestamp: `2026-01-01T00:00:${String(i).padStart(2, '0')}Z`,
  message: `line ${i}`,
  level: i === 5 ? 'warn' : 'info',
  phase: 'installing',
}))

/**
 * A node with readers is served by the shortcut, where it can be, and the same node without any goes
 * through the framework. Nobody must be able to tell them apart.
 */
describe('a reader that comes again', () => {
  let server: RunningServer
  /** The cursors of the entries, which are the same on both nodes. */
  let cursors: string[]

  beforeAll(async () => {
    server = await startServer({ env: { LAUNCHTAIL_HEARTBEAT: '10s' } })
    for (const id of ['busy', 'quiet', 'overB', 'overQ']) {
      await server.post('/admin/nodes', { node_id: id })
      await server.post(`/admin/nodes/${id}/logs`, ENTRIES)
    }
    for (const id of ['overB', 'overQ']) {
      const end = { ...ENTRIES[0], phase: 'active', message: 'up at http://10.0.0.1:8000' }
      await server.post(`/admin/nodes/${id}/logs`, [end])
    }
    cursors = await idsOf('quiet')
    await readerOf('busy')
  })

  const streamOf = (id: string, query = '') => `/admin/nodes/${id}/logs/stream${query}`

  async function idsOf(id: string): Promise<string[]> {
    const answer = await server.fetch(`${streamOf(id)}?follow=false&tail=all`)
    expect(answer.status).toBe(200)
    const text = await answer.text()
    return [...text.matchAll(/^event: log\ndata: .*\nid: (.*)$/gm)].map(([, id = '']) => id)
  }

  async function readerOf(id: string) {
    const reader = await openStream(server.url + streamOf(id), { 'X-Admin-Token': server.token })
    await reader.event('the newest', ({ id: seen }) => seen === cursors.at(-1))
  }

  /** What comes at once, without what differs from one request to the next. */
  async function answered(line: string, headers: Record<string, string>): Promise<string> {
    const connection = rawConnection(server.url, rawRequest(line, headers))
    await until('an answer', () => connection.text() !== '')
    // A stream stays open: all of it has come when nothing more does.
    for (let length = 0; length !== connection.text().length; ) {
      length = connection.text().length
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    connection.end()
    return connection
      .text()
      .replace(/^Date: .*$/m, 'Date')
      .replace(/retry: \d+/g, 'retry')
      .replaceAll(/\r\n[\da-f]+\r\n/g, '\r\n')
      .replaceAll(/busy|quiet|overB|overQ/g, 'NODE')
  }

  const cases: [
    string,
    { query?: string; method?: string; headers?: object; lastId?: () => string },
  ][] = [
    ['resumes', {}],
    ['is at the end', { lastId: () => cursors[19] as string }],
    ['has seen nothing', { lastId: () => '' }],
    [
      'has seen another list',
      { lastId: () => (cursors[3] as string).replace(/:\w{8}:/, ':00000000:') },
    ],
    ['sends what is no cursor', { lastId: () => 'nonsense' }],
    ['has a query', { query: '?level=warn' }],
    ['has the query of an earlier one', { query: '?tail=0&level=warn' }],
    ['has a wrong query', { query: '?level=loud' }],
    ['has a query twice', { query: '?tail=1&tail=2' }],
    ['wants what there is', { query: '?follow=false' }],
    ['sends no token', { headers: { 'X-Admin-Token': '' } }],
    ['sends a wrong token', { headers: { 'X-Admin-Token': 'wrong-token-wrong-token' } }],
    ['names another host', { headers: { Host: 'elsewhere.example' } }],
    ['wants NDJSON', { headers: { Accept: 'application/x-ndjson' } }],
    ['wants JSON', { headers: { Accept: 'application/json' } }],
    ['wants events', { headers: { Accept: 'text/event-stream' } }],
    ['sends a body', { headers: { 'Transfer-Encoding': 'chunked' } }],
    ['sends a coding we do not know', { headers: { 'Transfer-Encoding': 'gzip' } }],
    ['closes afterwards', { headers: { Connection: 'close' } }],
    ['posts', { method: 'POST' }],
    ['asks for the head', { method: 'HEAD' }],
  ]
  for (const [
    name,
    { query = '', method = 'GET', headers = {}, lastId = () => cursors[10] },
  ] of cases) {
    it(`gets the same with and without the shortcut: ${name}`, async () => {
      const id = lastId()
      const all = {
        'X-Admin-Token': server.token,
        ...(id && { 'Last-Event-ID': id }),
        ...headers,
      }
      const line = (node: string) => `${method} ${streamOf(node, query)} HTTP/1.1`
      const [first, again, slow] = [
        await answered(line('busy'), all),
        await answered(line('busy'), all),
        await answered(line('quiet'), all),
      ]
      expect(first).toBe(slow)
      expect(again).toBe(slow)
      expect(slow).toContain('HTTP/1.1 ')
    })
  }

  it('of a launch that is over gets the same', async () => {
    const ids = await idsOf('overQ')
    for (const id of [...ids.slice(-2), `${ids.at(-1)}`.replace(/log$/, 'done')]) {
      const headers = { 'X-Admin-Token': server.token, 'Last-Event-ID': id }
      const line = (node: string) => `GET ${streamOf(node)} HTTP/1.1`
      expect(await answered(line('overB'), headers)).toBe(await answered(line('overQ'), headers))
    }
  })

  it('finds a deleted node gone', async () => {
    await server.post('/admin/nodes', { node_id: 'gone' })
    await server.post('/admin/nodes/gone/logs', ENTRIES)
    const reader = await openStream(`${server.url}${streamOf('gone')}`, {
      'X-Admin-Token': server.token,
    })
    await reader.event('an entry', ({ event }) => event === 'log')
    expect((await server.fetch('/admin/nodes/gone', { method: 'DELETE' })).status).toBe(204)
    const headers = { 'X-Admin-Token': server.token, 'Last-Event-ID': cursors[3] as string }
    expect(await answered(`GET ${streamOf('gone')} HTTP/1.1`, headers)).toContain('404')
  })
})

describe('the shortcut', () => {
  it('serves who resumes a watched log, and leaves everything else without a trace', async () => {
    const file = join(await temporaryFolder(), 'logs.db')
    const store = await sqliteLogStore({ file, retention: 60_000 })
    const text = JSON.stringify({
      timestamp: '2026-01-01T00:00:00Z',
      level: 'info',
      message: 'a',
      phase: 'installing',
    })
    await store.append('n', [text, text])
    let reads = 0
    const counted: LogStore = {
      ...store,
      read(...args) {
        reads += 1
        return store.read(...args)
      },
    }
    const feeds = createFeeds({
      store: counted,
      readText: readEntry,
      recordAt: async () => undefined,
      heartbeat: 10_000,
      timeout: 60_000,
      storageGrace: 1000,
    })
    const { shortcut, remember } = createResumedStream({
      feeds,
      onAdmitted() {},
      limits: NO_LIMITS,
    })
    const http = createServer((request, response) => {
      if (shortcut(request, response, () => ANYBODY)) return
      remember(request, { follow: true, tail: 100 })
      void feeds.use('n', async ({ feed, fanout }) => {
        response.writeHead(200, { 'X-Left': 'yes' })
        fanout.add({
          response,
          format: FORMATS.sse,
          filter: undefined,
          phase: 'installing',
          from: feed.tip(),
          retry: 1000,
        })
      })
    })
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    onTestFinished(async () => {
      http.closeAllConnections()
      http.close()
      await store.close()
    })
    const base = `http://127.0.0.1:${(http.address() as AddressInfo).port}/admin/nodes/n/logs/stream`
    const left = async (query: string, id = '') => {
      const headers = { ...(id && { 'Last-Event-ID': id }) }
      const { headers: got } = await fetch(base + query, {
        headers: { Accept: 'text/event-stream', ...headers },
      })
      return got.has('X-Left')
    }
    expect(await left('', 'nonsense')).toBe(true)
    const before = reads
    for (let i = 0; i < 50; i += 1) expect(await left('', 'nonsense')).toBe(false)
    expect(await left('')).toBe(true)
    expect(await left('?level=warn', 'nonsense')).toBe(true)
    expect(await left('?level=warn', 'nonsense')).toBe(false)
    expect(reads).toBe(before)
  })
})
