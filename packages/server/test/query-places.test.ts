import type { LogEntry, NodeRecord } from '@launchtail/client'
import { parseQuery } from '@launchtail/client/query'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { endAll, type RunningServer, startServer } from './support/processes.js'
import { fc } from './support/property.js'
import { readToEnd } from './support/reading.js'
import { seededRandom } from './support/seed.js'

let server: RunningServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

const QUERIES = 60
const LEVELS = ['debug', 'info', 'warn', 'error'] as const
const PHASES = ['queued', 'provisioning', 'installing', 'model_loading', 'health_check'] as const
const WORDS = [
  ...[
    'OutOfMemoryError',
    'out',
    'of',
    'memory',
    'OOMKilled',
    'bloom',
    'us-west-2a',
    'vLLM',
    'HTTP',
  ],
  ...[
    'été',
    'e\u0301te\u0301',
    'ΣΟΦΌΣ',
    'AND',
    '"quoted"',
    'a\\b',
    '加载模型',
    '🚀',
    '10:30:00',
    'x',
  ],
]

const word = fc.constantFrom(
  ...[
    'out',
    'memory',
    'oom',
    'error',
    'vllm',
    'us-west-2a',
    'us-*',
    '*load*',
    'm?mory',
    'été',
    '*加*',
  ],
  ...['"out of"', '"of memory"', 'σοφός', 'OutOf*', 'killed', '10:30:00', '/o.m/i', '/^out/', 'x'],
)
const term = fc.oneof(
  { weight: 4, arbitrary: word },
  fc.constantFrom('level:error', 'level:>=warn', 'level:info..warn', 'phase:>=installing'),
  fc.constantFrom('progress:>=50', 'progress:*', 'progress:10..20', 'details:*', 'phase:queued'),
  fc.constantFrom(
    'gpu:A100',
    'provider:gcp',
    'spot:false',
    'cause:*',
    'status:launching',
    'node:*',
  ),
  fc.constantFrom('timestamp:2026-01-15', 'timestamp:>2026-01-15T10:05:00Z', 'timestamp:<today'),
  word.map((text) => `details:(${text} OR x)`),
)
const { query } = fc.letrec<{ query: string }>((tie) => ({
  query: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    term,
    fc.tuple(tie('query'), tie('query')).map(([a, b]) => `(${a}) (${b})`),
    fc.tuple(tie('query'), tie('query')).map(([a, b]) => `(${a}) OR ${b}`),
    tie('query').map((text) => `-(${text})`),
  ),
}))

it('finds the same entries in the history, the streams and both exports as the predicate', {
  timeout: 120_000,
}, async () => {
  const random = seededRandom('entries')
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)] as Item
  const answer = await server.post('/admin/nodes', { provider: 'aws', gpu: 'A100-80GB' })
  const record = (await answer.json()) as NodeRecord
  const path = `/admin/nodes/${record.node_id}/logs`
  const text = () =>
    Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(WORDS)).join(' ')
  const sent = Array.from({ length: 300 }, (_, n) => ({
    timestamp: new Date(Date.UTC(2026, 0, 15, 10, 0, n * 2)).toISOString(),
    level: pick(LEVELS),
    phase: pick(PHASES),
    message: text(),
    ...(random() < 0.3 && { details: text() }),
    ...(random() < 0.3 && { progress: Math.floor(random() * 90) }),
  }))
  expect((await server.post(path, sent)).status).toBe(202)
  const all = (await json(`${path}?tail=all`)).logs
  expect(all).toHaveLength(sent.length)
  let narrowed = 0
  await fc.assert(
    fc.asyncProperty(query, async (q) => {
      const predicate = parseQuery(q).predicate({ now: Date.now() })
      const expected = all.filter((entry) => predicate(entry, record))
      if (expected.length > 0 && expected.length < all.length) narrowed += 1
      const asked = new URLSearchParams({ q, tail: 'all' })
      const nodes = new URLSearchParams({
        ...Object.fromEntries(asked),
        node: record.node_id,
        until: '2026-02-01T00:00:00Z',
      })
      const [history, stream, merged, file, everywhere] = await Promise.all([
        json(`${path}?${asked}`),
        readToEnd(`${server.url}${path}/stream?${asked}&follow=false`, {
          'X-Admin-Token': server.token,
        }),
        readToEnd(`${server.url}/admin/logs/stream?${nodes}`, { 'X-Admin-Token': server.token }),
        json(`${path}/export?${asked}`),
        json(
          `/admin/logs/export?${new URLSearchParams({ q, node: record.node_id, format: 'json' })}`,
        ),
      ])
      expect(history.logs).toEqual(expected)
      expect(file.logs).toEqual(expected)
      expect(everywhere.logs).toEqual(
        expected.map((entry) => ({ node_id: record.node_id, ...entry })),
      )
      const streamed = stream.events.filter(({ event }) => event === 'log')
      expect(streamed.map(({ data }) => data)).toEqual(expected)
      expect(merged.status).toBe(200)
      const inMerged = merged.events.filter(({ event }) => event === 'log')
      expect(inMerged.map(({ data }) => data)).toEqual(
        expected.map((entry) => ({ node_id: record.node_id, ...entry })),
      )
    }),
    { numRuns: QUERIES },
  )
  expect(narrowed).toBeGreaterThan(QUERIES / 4)
})

async function json(path: string): Promise<{ logs: LogEntry[] }> {
  return (await server.fetch(path)).json() as Promise<{ logs: LogEntry[] }>
}
