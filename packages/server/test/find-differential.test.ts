import type { Hit, LogEntry, NodeRecord } from '@launchtail/client'
import type { Query } from '@launchtail/client/query'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { corpusOf, launchesOf } from './support/corpus.js'
import { endAll, type RunningServer, startServer } from './support/processes.js'
import { fc } from './support/property.js'
import { queryOf } from './support/query-of.js'
import { randomQuery } from './support/random-query.js'
import { readToEnd } from './support/reading.js'

const ENTRIES = 100_000
const NODES = 400
const EACH = ENTRIES / NODES
const QUERIES = 1000
/** After every entry: a merged stream that ends there has all of them, and does not go on. */
const UNTIL = '2026-11-25T00:00:00Z'

let server: RunningServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

it('finds the same in a search, histories, a merged stream and an export as the predicate does', {
  timeout: 300_000,
}, async () => {
  const nodes = await filledNodes()
  const counts = { queries: 0, narrowed: 0, found: 0 }
  const pairs = fc.tuple(fc.nat({ max: NODES - 1 }), fc.nat({ max: NODES - 1 }))
  await fc.assert(
    fc.asyncProperty(randomQuery, pairs, async (text, pair) => {
      const query = queryOf(text)
      if (!query) return
      const asked = [...new Set(pair)].map((n) => nodes[n] as Filled)
      const expected = asked.map((node) => matching(node, query))
      expect(await found(text, asked)).toEqual(expected)
      counts.queries += 1
      const total = expected.reduce((sum, { search }) => sum + search.length, 0)
      counts.found += total
      if (total > 0 && total < asked.length * EACH) counts.narrowed += 1
    }),
    { numRuns: QUERIES },
  )
  console.log(JSON.stringify(counts))
  expect(counts.queries).toBeGreaterThan(QUERIES * 0.8)
  expect(counts.narrowed).toBeGreaterThan(QUERIES / 4)
})

interface Filled {
  readonly record: NodeRecord
  /** The log as it is without a query. */
  readonly logs: readonly LogEntry[]
}

/** 100,000 entries of 400 launches, sent in as everybody's are. */
async function filledNodes(): Promise<Filled[]> {
  const entries = corpusOf('everywhere', ENTRIES)
  const filled: Filled[] = []
  for (const [n, launch] of launchesOf(NODES).entries()) {
    const { node_id, provider, model } = launch
    const path = `/admin/nodes/${node_id}`
    const place = launch.region && { region: launch.region, gpu: launch.gpu }
    const node = { node_id, provider, model, ...(place || {}) }
    expect((await server.post('/admin/nodes', node)).status).toBe(201)
    const sent = entries.slice(n * EACH, (n + 1) * EACH)
    // A launch that goes on would be told to be silent, by one more entry.
    Object.assign(sent.at(-1) as LogEntry, { phase: n % 3 === 0 ? 'failed' : 'active' })
    expect((await server.post(`${path}/logs`, sent)).status).toBe(202)
    const { logs } = await json<{ logs: LogEntry[] }>(`${path}/logs?tail=all`)
    expect(logs).toHaveLength(EACH)
    filled.push({ record: await json<NodeRecord>(path), logs })
  }
  return filled
}

function matching({ record, logs }: Filled, query: Query): Everywhere {
  const predicate = query.predicate({ now: Date.now() })
  const entries = logs.filter((entry) => predicate(entry, record))
  return everywhere(() => entries)
}

const PLACES = ['search', 'history', 'merged', 'export'] as const
/** The texts of a node's entries. */
type Everywhere = Record<(typeof PLACES)[number], readonly string[]>

function everywhere(of: (place: (typeof PLACES)[number]) => readonly LogEntry[]): Everywhere {
  // Texts are compared in a tenth of the time that objects take.
  const texts = (place: (typeof PLACES)[number]) => of(place).map((entry) => JSON.stringify(entry))
  const all = PLACES.map((place) => [place, texts(place)])
  return Object.fromEntries(all) as Everywhere
}

/** What each place finds in the logs of these nodes. */
async function found(q: string, asked: readonly Filled[]): Promise<Everywhere[]> {
  const ids = asked.map(({ record }) => record.node_id)
  const node = ids.join(',')
  const ofAll = (more: Record<string, string>) => new URLSearchParams({ q, node, ...more })
  const [search, merged, file, ...histories] = await Promise.all([
    searched(ofAll({ order: 'asc', limit: '1000' })),
    readToEnd(`${server.url}/admin/logs/stream?${ofAll({ tail: 'all', until: UNTIL })}`, {
      'X-Admin-Token': server.token,
    }),
    json<{ logs: Member[] }>(`/admin/logs/export?${ofAll({ format: 'json' })}`),
    ...ids.map((id) =>
      json<{ logs: LogEntry[] }>(
        `/admin/nodes/${id}/logs?${new URLSearchParams({ q, tail: 'all' })}`,
      ),
    ),
  ])
  const streamed = merged.events.filter(({ event }) => event === 'log')
  const members = {
    search: search.map(({ cursor: _, ...hit }) => hit),
    merged: streamed.map(({ data }) => data as unknown as Member),
    export: file.logs,
  }
  return ids.map((id, i) =>
    everywhere((place) =>
      place === 'history' ? (histories[i]?.logs ?? []) : entriesOf(members[place], id),
    ),
  )
}

/** On a busy machine a search may end before it has looked at everything, and is then gone on with. */
async function searched(query: URLSearchParams): Promise<Hit[]> {
  const hits: Hit[] = []
  for (;;) {
    const { logs, complete, cursor } = await json<{
      logs: Hit[]
      complete: boolean
      cursor?: string
    }>(`/admin/logs?${query}`)
    hits.push(...logs)
    if (complete || !cursor) return hits
    query.set('cursor', cursor)
  }
}

type Member = LogEntry & { readonly node_id: string }

/** A node's entries among those of several, in their order. */
function entriesOf(members: readonly Member[], nodeId: string): LogEntry[] {
  return members
    .filter(({ node_id }) => node_id === nodeId)
    .map(({ node_id: _, ...entry }) => entry)
}

async function json<T>(path: string): Promise<T> {
  const answer = await server.fetch(path)
  expect(answer.status).toBe(200)
  return (await answer.json()) as T
}
