import { join } from 'node:path'
import type { ExportQuery } from '@launchtail/client/protocol'
import fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { EXPORTS } from '../src/find/export/formats.js'
import { createSlowEntries } from '../src/find/slow-entries.js'
import { createExcerpts } from '../src/http/excerpts.js'
import { mountNodeExport } from '../src/http/routes/node-export.js'
import { readEntry } from '../src/logs/entry-text.js'
import { redisLogStore } from '../src/logs/redis/store.js'
import { sqliteLogStore } from '../src/logs/sqlite/store.js'
import type { LogStore } from '../src/logs/store.js'
import type { Registry } from '../src/nodes/registry.js'
import { endAll, startRedis, temporaryFolder } from './support/processes.js'

// A long log is written out in short stretches, whatever the machine's speed: what is counted is the
// characters that are written between two turns of the event loop.

const LINES = 90_000
/** Characters. Written as CSV, which is the slowest, these take 4 ms. */
const LONGEST_STRETCH = 256 * 1024
const NODE = 'long'

const stores: Partial<Record<'embedded' | 'redis', LogStore>> = {}

beforeAll(async () => {
  const [folder, redis] = await Promise.all([temporaryFolder(), startRedis(['--appendonly', 'no'])])
  const retention = 86_400_000
  stores.embedded = await sqliteLogStore({ file: join(folder, 'logs.db'), retention })
  stores.redis = await redisLogStore({ url: redis.url, retention, pollInterval: 60_000 })
  await Promise.all(Object.values(stores).map(fill))
})
afterAll(async () => {
  await Promise.all(Object.values(stores).map((store) => store.close()))
  await endAll()
})

describe.each(['embedded', 'redis'] as const)('90,000 lines of the %s store', (kind) => {
  it.each(['csv', 'text', 'json', 'ndjson'] as const)(
    'leave others their turns when they are exported as %s',
    async (format) => {
      const url = await serve(stores[kind] as LogStore)
      const written = watch(format)
      const answer = await fetch(`${url}/admin/nodes/${NODE}/logs/export?format=${format}`)
      const size = (await answer.text()).length
      const { total, longest } = written()
      expect([answer.status, size >= total && total > LINES * 50]).toEqual([200, true])
      expect(longest).toBeLessThan(LONGEST_STRETCH)
    },
  )
})

/** Counts what is written in this format. */
function watch(format: ExportQuery['format']): () => { total: number; longest: number } {
  const { entry } = EXPORTS[format]
  let total = 0
  let stretch = 0
  let longest = 0
  const spy = vi.spyOn(EXPORTS[format], 'entry').mockImplementation((...args) => {
    const text = entry(...args)
    total += text.length
    stretch += text.length
    longest = Math.max(longest, stretch)
    return text
  })
  let next = setImmediate(function turn() {
    stretch = 0
    next = setImmediate(turn)
  })
  onTestFinished(() => {
    clearImmediate(next)
    spy.mockRestore()
  })
  return () => ({ total, longest })
}

async function serve(store: LogStore): Promise<string> {
  const app = fastify()
  const record = { created_at: '2024-01-15T10:00:00Z' }
  const registry = { find: async () => record, isKnown: async () => true } as unknown as Registry
  const archive = { past: store, earlier: async () => store }
  const slowEntries = createSlowEntries()
  const excerpts = createExcerpts({ store, archive, readText: readEntry, registry, slowEntries })
  mountNodeExport(app, { registry, excerpts })
  onTestFinished(() => app.close())
  return app.listen({ host: '127.0.0.1', port: 0 })
}

async function fill(store: LogStore): Promise<void> {
  const fields = { timestamp: '2024-01-15T10:30:00Z', level: 'info' }
  for (let at = 0; at < LINES; at += 5000) {
    const texts = Array.from({ length: 5000 }, (_, i) =>
      JSON.stringify({
        ...fields,
        message: `line ${at + i}: "ordinary", words`,
        phase: 'installing',
      }),
    )
    await store.append(NODE, texts)
  }
}
