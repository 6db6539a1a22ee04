import fastify, { type FastifyInstance } from 'fastify'
import { expect, it, onTestFinished } from 'vitest'
import { createSlowEntries } from '../src/find/slow-entries.js'
import { createExcerpts } from '../src/http/excerpts.js'
import { mountExport } from '../src/http/routes/export.js'
import { mountNodeExport } from '../src/http/routes/node-export.js'
import { readEntry, writeEntry } from '../src/logs/entry-text.js'
import type { LogStore } from '../src/logs/store.js'
import type { Registry } from '../src/nodes/registry.js'
import { NO_LIMITS } from './support/limits.js'

const ROWS = 1_048_576

it('an export as CSV of all nodes warns of more rows than Excel shows', async () => {
  for (const [format, count, expected] of [
    ['csv', ROWS, `Excel shows the first ${ROWS - 1} of ${ROWS} entries`],
    ['csv', ROWS - 1, null],
    ['csv', undefined, null],
    ['ndjson', 2 * ROWS, null],
  ] as const) {
    const url = await served((app) =>
      mountExport(app, {
        registry: {} as Registry,
        maxExports: 4,
        limits: NO_LIMITS,
        archive: {
          export: async () => ({
            ...{ cursor: '01234567-5', isComplete: true, count },
            ...{ close: () => {}, read: async () => undefined },
          }),
        },
      }),
    )
    expect(await warningOf(`${url}/admin/logs/export?format=${format}`)).toBe(expected)
  }
})

it('so does that of one node, where its entries need not be looked at', async () => {
  for (const [query, length, expected] of [
    ['csv', ROWS, `Excel shows the first ${ROWS - 1} of ${ROWS} entries`],
    ['csv', ROWS - 1, null],
    ['csv&tail=1000', ROWS, null],
    ['csv&level=info', ROWS, null],
    ['text', ROWS, null],
  ] as const) {
    const store = listOf(length)
    const registry = { find: async () => RECORD, isKnown: async () => true } as unknown as Registry
    const archive = { past: store, earlier: async () => store }
    const slowEntries = createSlowEntries()
    const excerpts = createExcerpts({ store, archive, readText: readEntry, registry, slowEntries })
    const url = await served((app) => mountNodeExport(app, { registry, excerpts }))
    expect(await warningOf(`${url}/admin/nodes/n/logs/export?format=${query}`)).toBe(expected)
  }
})

const RECORD = { created_at: '2024-01-15T10:00:00Z' }

/** A list of the same entry so many times. */
function listOf(length: number): LogStore {
  const timestamp = '2024-01-15T10:30:00Z'
  const text = writeEntry({ timestamp, level: 'info', message: 'x', phase: 'queued' })
  const some = (count: number) => Array.from({ length: Math.max(0, count) }, () => text)
  return {
    length: async () => length,
    read: async (_id: string, from: number, limit: number) => some(Math.min(limit, length - from)),
    readBefore: async (_id: string, to: number, limit: number) => some(Math.min(limit, to)),
  } as unknown as LogStore
}

async function served(mount: (app: FastifyInstance) => void): Promise<string> {
  const app = fastify()
  mount(app)
  onTestFinished(() => app.close())
  return app.listen({ port: 0, host: '127.0.0.1' })
}

async function warningOf(url: string): Promise<string | null> {
  const answer = await fetch(url, { method: 'HEAD' })
  expect(answer.status).toBe(200)
  return answer.headers.get('log-warning')
}
