import { expect, it } from 'vitest'
import { createExports } from '../src/find/archive/exports.js'
import { stateOf } from '../src/find/archive/facts.js'
import { createWordIndex } from '../src/find/archive/index-words.js'
import type { Question } from '../src/find/archive/question.js'
import { createRemoval } from '../src/find/archive/removal.js'
import { look } from '../src/find/archive/search.js'
import { takeIn } from '../src/find/archive/take-in.js'
import { checkOf } from '../src/logs/check.js'
import { writeEntry } from '../src/logs/entry-text.js'
import { openArchiveDb } from './support/archive-db.js'
import { corpusOf, launchesOf } from './support/corpus.js'
import { fc } from './support/property.js'
import { queryOf } from './support/query-of.js'
import { randomQuery } from './support/random-query.js'

/** On PostgreSQL, each question is several round trips, and the queries are the same. */
const isOnPostgres = process.env.LAUNCHTAIL_TEST_STORE === 'postgres'
const ENTRIES = isOnPostgres ? 20_000 : 100_000
const NODES = 200
const QUERIES = isOnPostgres ? 300 : 1000
/** Entries that one query is compared on, somewhere in the corpus: all of them would take too long. */
const WINDOW = 2000
/** Entries that are not in the index yet. */
const FRESH = 3000
const NOW = Date.UTC(2026, 10, 24)
const FORGOTTEN = ['node-7', 'node-100', 'node-161']

it('a search and an export find what the predicate does, in every stretch of time', {
  timeout: 600_000,
}, async () => {
  const archive = await filledArchive()
  const launches = new Map(launchesOf(NODES).map((launch) => [launch.node_id, launch]))
  const counts = { queries: 0, narrowed: 0, found: 0, scanned: 0 }
  await fc.assert(
    fc.asyncProperty(randomQuery, fc.integer({ min: 0, max: ENTRIES - 1 }), async (text, start) => {
      const query = queryOf(text)
      if (!query) return
      const window = archive.entries.slice(start, start + WINDOW)
      const predicate = query.predicate({ now: NOW })
      const expected = window
        .filter(({ node }) => !FORGOTTEN.includes(node))
        .filter(({ entry, node }) => predicate(entry, launches.get(node)))
        .map(({ id }) => id)
      const question = {
        ...QUESTION,
        query: text,
        since: instantOf(window[0], -1),
        until: instantOf(window.at(-1), 0),
        launches: query.asksLaunch ? launches : undefined,
      }
      const { found, scanned } = await archive.look(question)
      expect(found).toEqual(expected)
      expect(await archive.export(question)).toEqual(
        expected.map((id) => textOf(archive.entries[id - 1] as Kept)),
      )
      counts.queries += 1
      counts.found += found.length
      counts.scanned += scanned
      if (scanned < window.length / 2) counts.narrowed += 1
    }),
    { numRuns: QUERIES },
  )
  console.log(JSON.stringify(counts))
  expect(counts.queries).toBeGreaterThan(QUERIES * 0.8)
  expect(counts.narrowed).toBeGreaterThan(QUERIES / 4)
})

const QUESTION: Question = {
  query: '',
  now: NOW,
  since: undefined,
  until: undefined,
  levels: undefined,
  phase: undefined,
  nodes: undefined,
  launches: undefined,
}

const LAYOUT = { nodeId: undefined, raw: false, bom: false, trailer: false }

interface Kept {
  readonly id: number
  readonly node: string
  readonly entry: ReturnType<typeof corpusOf>[number]
}

/** 100,000 entries of 200 nodes, most of them indexed, and some nodes that are half deleted. */
async function filledArchive() {
  const db = await openArchiveDb()
  const index = createWordIndex(db)
  const entries: Kept[] = corpusOf('differential', ENTRIES).map((entry, n) => ({
    id: n + 1,
    node: `node-${Math.floor(n / 50) % NODES}`,
    entry,
  }))
  const reached = new Map<string, { length: number; last: string }>()
  for (let at = 0; at < ENTRIES; at += 50) {
    const some = entries.slice(at, at + 50)
    const nodeId = some[0]?.node as string
    const { length: from, last } = reached.get(nodeId) ?? { length: 0, last: undefined }
    const texts = some.map(({ entry }) => writeEntry(entry))
    await takeIn(db, [{ nodeId, from, texts, previous: last }], { now: NOW })
    reached.set(nodeId, { length: from + 50, last: checkOf(texts.at(-1) as string) })
  }
  for (let left = await index.behind(); left > FRESH; left = await index.behind()) {
    await index.takeIn(Math.min(1000, left - FRESH))
  }
  const removal = createRemoval(db, { usual: 1e12, failed: 1e12, maxBytes: 1e12 })
  for (const node of FORGOTTEN) await removal.forget(node)
  await removal.purge()
  const exports = createExports(db)
  const { indexed } = await stateOf(db)
  return {
    entries,
    /** The lines of an export as NDJSON. */
    async export(question: Question) {
      const more = { order: 'asc', cursor: undefined, format: 'ndjson', layout: LAYOUT } as const
      await exports.open(1, { ...question, ...more })
      let text = ''
      for (let piece = await exports.read(1); piece; piece = await exports.read(1)) {
        text += new TextDecoder().decode(piece.bytes)
      }
      exports.close(1)
      return text.split('\n').slice(0, -1)
    },
    async look(question: Question) {
      const budget = { entries: Number.POSITIVE_INFINITY, time: Number.POSITIVE_INFINITY }
      const options = { order: 'asc', behind: undefined, indexed, budget } as const
      const looking = look(db, question, options)
      const found: number[] = []
      for await (const { row } of looking.matches()) found.push(row.id)
      return { found, scanned: looking.state().scanned }
    },
  }
}

/** An entry as an export has it. */
function textOf({ node, entry }: Kept): string {
  return `{"node_id":"${node}",${writeEntry(entry).slice(1)}`
}

/** The time of an entry, and so many milliseconds later. */
function instantOf(kept: Kept | undefined, later: number) {
  const ms = Date.parse(kept?.entry.timestamp ?? '') + later
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 }
}
