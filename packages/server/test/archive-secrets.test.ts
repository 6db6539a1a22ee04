/** No secret is in the archive, its index, or whatever is read from them, whoever wrote the entries. */
import { join } from 'node:path'
import type { Found } from '@launchtail/client'
import { afterAll, describe, expect, it } from 'vitest'
import { openSqlite } from '../src/sqlite.js'
import { contentOf } from './support/launching.js'
import {
  endAll,
  type RunningServer,
  redisCli,
  startRedis,
  startServer,
  until,
} from './support/processes.js'
import { readToEnd } from './support/reading.js'
import { knownSecrets, PROVIDERS, secretLines } from './support/secrets.js'

afterAll(endAll)

const OF_PROVIDERS = Object.values(PROVIDERS).map((text) => ({ text, hidden: text.slice(-16) }))
const SECRETS = [...knownSecrets(), ...OF_PROVIDERS]
const LINES = secretLines(SECRETS).map(({ text }) => text)
/** Stands beside each secret, and must be found wherever these are looked for. */
const MARK = 'plumcot'
/** After every entry: a merged stream that ends there does not go on. */
const UNTIL = '2100-01-01T00:00:00Z'

describe.each(['SQLite', 'Redis'] as const)('of logs on %s', (store) => {
  it('nothing secret is in the archive, a search, a stream or an export', {
    timeout: 120_000,
  }, async () => {
    const redis = store === 'Redis' ? await startRedis() : undefined
    const server = await startServer({ env: redis ? { REDIS_URL: redis.url } : {} })
    await sendIn(server)
    if (redis) await writeForeign(server, redis.port)
    const nodes = redis ? ['raw', 'entries', 'foreign'] : ['raw', 'entries']
    await until('all of it in the archive', async () => {
      const { buckets } = await json<Counts>(server, `/admin/logs/stats?q=${MARK}&bucket=1d`)
      return count(buckets) >= nodes.length * LINES.length
    })
    const told: Record<string, string> = {
      search: await searched(server),
      stream: await streamed(server, nodes),
      ...(await exported(server, nodes)),
    }
    for (const [place, text] of Object.entries(told)) {
      expect([place, text.includes(MARK), text.includes('***')]).toEqual([place, true, true])
    }
    for (const { hidden } of SECRETS) {
      const query = new URLSearchParams({ q: JSON.stringify(hidden) })
      expect([hidden, (await json<Found>(server, `/admin/logs?${query}`)).count]).toEqual([
        hidden,
        0,
      ])
    }
    await server.stop()
    const terms = await indexedWords(server.dataDir)
    expect(terms).toContain(MARK)
    told.index = terms.join('\n')
    told.folder = contentOf(server.dataDir)
    const found = Object.entries(told).flatMap(([place, text]) =>
      SECRETS.filter(({ hidden }) => isIn(place, text, hidden)).map(({ text }) => [place, text]),
    )
    expect(found).toEqual([])
  })
})

/** As raw output, and as entries with and without details. */
async function sendIn(server: RunningServer): Promise<void> {
  for (const node_id of ['raw', 'entries', 'foreign'])
    await server.post('/admin/nodes', { node_id })
  const type = { 'Content-Type': 'text/plain' }
  const lines = LINES.map((line) => `${line} ${MARK}`).join('\n')
  expect((await server.post('/admin/nodes/raw/logs', `${lines}\n`, type)).status).toBe(202)
  expect((await server.post('/admin/nodes/entries/logs', LINES.map(entryOf))).status).toBe(202)
}

/** As another program writes into the node's list. */
async function writeForeign(server: RunningServer, port: number): Promise<void> {
  for (let at = 0; at < LINES.length; at += 100) {
    const texts = LINES.slice(at, at + 100).map((line, n) => JSON.stringify(entryOf(line, n)))
    await redisCli(port, ['RPUSH', 'node_logs:foreign', ...texts])
  }
  await server.fetch('/admin/nodes/foreign/logs?tail=1')
}

function entryOf(line: string, n: number): object {
  return n % 2 ? { message: `${line} ${MARK}` } : { message: MARK, details: line }
}

interface Counts {
  readonly buckets: readonly Readonly<Record<string, number>>[]
}

function count(buckets: Counts['buckets']): number {
  const levels = ['debug', 'info', 'warn', 'error']
  return buckets.reduce(
    (sum, of) => sum + levels.reduce((all, name) => all + (of[name] ?? 0), 0),
    0,
  )
}

async function searched(server: RunningServer): Promise<string> {
  const pages: string[] = []
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const query = new URLSearchParams({ limit: '1000', context: '1', ...(cursor && { cursor }) })
    const page = await (await server.fetch(`/admin/logs?${query}`)).text()
    pages.push(page)
    cursor = (JSON.parse(page) as Found).cursor
  }
  return pages.join('\n')
}

async function streamed(server: RunningServer, nodes: readonly string[]): Promise<string> {
  const query = new URLSearchParams({ node: nodes.join(), tail: 'all', until: UNTIL })
  for (const id of nodes) await server.post(`/admin/nodes/${id}/status`, { status: 'terminated' })
  const headers = { 'X-Admin-Token': server.token }
  const { events } = await readToEnd(`${server.url}/admin/logs/stream?${query}`, headers)
  expect(events.at(-1)?.event).toBe('end')
  return JSON.stringify(events)
}

async function exported(server: RunningServer, nodes: readonly string[]) {
  const files: Record<string, string> = {}
  for (const format of ['ndjson', 'json', 'csv', 'text']) {
    for (const path of ['/admin', ...nodes.map((id) => `/admin/nodes/${id}`)]) {
      const file = `${path}/logs/export?format=${format}&raw=true`
      files[file] = await (await server.fetch(file)).text()
    }
  }
  return files
}

/** The words as the index has them. In its file, each has only what is different from the one before. */
async function indexedWords(dataDir: string): Promise<string[]> {
  const db = await openSqlite(join(dataDir, 'archive.db'))
  try {
    db.exec('create virtual table temp.terms using fts5vocab(main, words, row)')
    const rows = db.prepare('select term from temp.terms').all() as { term: string }[]
    return rows.map(({ term }) => term)
  } finally {
    db.close()
  }
}

/** The fewest letters of a secret in a row that a word of the index must not have. */
const FEWEST = 10

/** The index has words in lower case, and what stands between signs apart. */
function isIn(place: string, text: string, hidden: string): boolean {
  if (place !== 'index') return text.includes(hidden)
  const runs = hidden.toLowerCase().match(/[a-z0-9]+/g) ?? []
  return runs.some((run) => run.length >= FEWEST && text.includes(run))
}

async function json<T>(server: RunningServer, path: string): Promise<T> {
  const answer = await server.fetch(path)
  expect(answer.status).toBe(200)
  return (await answer.json()) as T
}
