import { join } from 'node:path'
import { parseQuery } from '@launchtail/client/query'
import { describe, expect, it, onTestFinished } from 'vitest'
import { StorageUnavailable } from '../src/errors.js'
import { type Archive, createArchive } from '../src/find/archive/archive.js'
import type { ArchivePlace } from '../src/find/archive/calls.js'
import type { SearchQuestion } from '../src/find/archive/question.js'
import { asStored } from '../src/find/archive/to-be-archived.js'
import { writeEntry } from '../src/logs/entry-text.js'
import { sqliteLogStore } from '../src/logs/sqlite/store.js'
import type { LogStore } from '../src/logs/store.js'
import { newArchivePlace } from './support/archive-db.js'
import { temporaryFolder, until } from './support/processes.js'

const NODES = ['a', 'b', 'c', 'd']
const EACH = 2000
/** More entries than are passed over in a list. */
const BURST = NODES.length * EACH

describe('a search right after a burst', () => {
  it('for the newest entries has some read, and its next pages have all the others', async () => {
    const { archive, burst, reads } = await open()
    await burst()
    const first = await archive.search({ ...QUESTION, limit: 100 }, parseQuery('line'))
    // The last 500 of each list, with one more each to know its place.
    expect(reads()).toBeLessThanOrEqual(NODES.length * 501)
    expect(first).toMatchObject({ isComplete: true, logs: { length: 100 } })
    const newest = first.logs.map(idOf)
    for (const node of NODES) expect(newest).toContain(`${node} ${EACH - 1}`)

    const all = [...newest]
    let { cursor } = first
    while (cursor !== undefined) {
      const page = await archive.search({ ...QUESTION, cursor, limit: 1000 }, parseQuery('line'))
      all.push(...page.logs.map(idOf))
      cursor = page.cursor
    }
    expect(all).toHaveLength(BURST)
    expect(new Set(all).size).toBe(BURST)
    for (const node of NODES) {
      const own = all.filter((id) => id.startsWith(node)).map((id) => Number(id.slice(2)))
      expect(own).toEqual(Array.from({ length: EACH }, (_, i) => EACH - 1 - i))
    }
  })

  it('finds the only entry of its kind, wherever it is', async () => {
    const { archive, burst } = await open()
    await burst()
    const found = await archive.search({ ...QUESTION, limit: 100 }, parseQuery('line-1234'))
    expect(found).toMatchObject({ isComplete: true, cursor: undefined })
    expect(found.logs.map(idOf).sort()).toEqual(NODES.map((node) => `${node} 1234`))
  })

  it.each(['ascending search', 'count', 'export'])(
    'leaves nothing out of another’s %s',
    async (what) => {
      const { archive, burst } = await open()
      await burst()
      const [, count] = await Promise.all([
        archive.search({ ...QUESTION, limit: 10 }, parseQuery('line')),
        countBy(archive, what),
      ])
      expect(count).toBe(BURST)
      // Also with more that has come meanwhile.
      await burst()
      const newest = archive.search({ ...QUESTION, limit: 10 }, parseQuery('line'))
      expect(await countBy(archive, what)).toBe(2 * BURST)
      expect((await newest).logs).toHaveLength(10)
    },
  )

  it('passes nothing over that a count which has begun leaves out', async () => {
    const { archive, burst, hooks } = await open()
    await burst()
    // Everything is there. Before the archive is asked, more comes, and a search passes some of it over.
    hooks.launches = async () => {
      hooks.launches = async () => {}
      await burst()
      await archive.search({ ...QUESTION, limit: 10 }, parseQuery('line'))
    }
    const query = parseQuery('level:info OR provider:aws')
    expect((await archive.count({ ...QUESTION, bucket: 60 }, query)).count).toBe(2 * BURST)
  })

  it('leaves nothing out if the server ends before the rest is taken in', async () => {
    const before = await open()
    await before.burst()
    await before.archive.search({ ...QUESTION, limit: 10 }, parseQuery('line'))
    await before.archive.close()
    const { archive, append, reads } = await open(before)
    expect(await countBy(archive, 'count')).toBe(BURST)
    // It was not taken in from the beginning.
    expect(reads()).toBeLessThan(BURST)
    await append('a', ['the last'])
    expect(await countBy(archive, 'ascending search')).toBe(BURST + 1)
  })

  it('takes the rest in by itself', async () => {
    const { archive, burst, reads } = await open()
    await burst()
    await archive.search({ ...QUESTION, limit: 10 }, parseQuery('line'))
    expect(reads()).toBeLessThan(BURST)
    await until('all of it to be read', () => reads() >= BURST, 60_000)
  })

  it('finds nothing of a node that was removed meanwhile, and all of the others', async () => {
    const { archive, burst, store } = await open()
    await burst()
    await archive.search({ ...QUESTION, limit: 10 }, parseQuery('line'))
    await store.remove('b')
    await archive.forget('b')
    expect(await countBy(archive, 'count')).toBe(BURST - EACH)
    // And of one whose list became another one before the rest was taken in.
    const other = await open()
    await other.burst()
    await other.archive.search({ ...QUESTION, limit: 10 }, parseQuery('line'))
    await other.store.remove('b')
    await other.append('b', ['anew'])
    const { logs } = await other.archive.search({ ...QUESTION, limit: 10 }, parseQuery('anew'))
    expect(logs).toHaveLength(1)
    const counted = await countBy(other.archive, 'count')
    expect(counted).toBeGreaterThanOrEqual(BURST - EACH + 500 + 1)
    expect(counted).toBeLessThanOrEqual(BURST + 1)
  })
})

const QUESTION: Omit<SearchQuestion, 'query' | 'launches'> = {
  now: 0,
  since: undefined,
  until: undefined,
  levels: undefined,
  phase: undefined,
  nodes: undefined,
  limit: 100,
  order: 'desc',
  cursor: undefined,
  context: 0,
}

/** What an archive is opened on, for another one on the same. */
interface Place {
  readonly folder: string
  readonly place: ArchivePlace
  readonly store: LogStore
  readonly lengths: Map<string, number>
}

/** An archive in its thread, and an embedded store whose texts are counted as they are read. */
async function open(before?: Place) {
  const folder = before?.folder ?? (await temporaryFolder())
  const place = before?.place ?? (await newArchivePlace(folder))
  const retention = 3_600_000
  const store =
    before?.store ?? (await sqliteLogStore({ file: join(folder, 'logs.db'), retention }))
  const lengths = before?.lengths ?? new Map<string, number>()
  let reads = 0
  /** Called before a query that asks for launches is answered. */
  const hooks = { launches: async () => {} }
  const archive = createArchive({
    place,
    store: {
      length: store.length,
      async read(...given) {
        const texts = await store.read(...given)
        reads += texts.length
        return texts
      },
    },
    registry: {
      facts: async () => new Map(),
      bringUpToDate: () => hooks.launches(),
      watch: () => () => {},
      async *folded() {
        yield [...lengths].map(([node_id, folded]) => ({ node_id, folded }))
      },
    },
    toBeArchived: asStored,
    retention,
    keeping: { usual: 1e9, failed: 1e9, maxBytes: 1e9 },
    onNotice: () => {},
    onFault: (message, error) => {
      // On a busy machine PostgreSQL may take too long. What is done in the background is tried again.
      if ('url' in place && error instanceof StorageUnavailable) return
      throw new Error(message, { cause: error })
    },
  })
  onTestFinished(async () => {
    await archive.close()
    if (!before) await store.close()
  })
  return { archive, store, folder, place, lengths, append, burst, hooks, reads: () => reads }

  async function append(nodeId: string, messages: readonly string[]): Promise<void> {
    const texts = messages.map((message, i) => {
      const timestamp = new Date(1.7e12 + i).toISOString()
      return writeEntry({ timestamp, level: 'info', message, phase: 'installing' })
    })
    await store.append(nodeId, texts)
    lengths.set(nodeId, (lengths.get(nodeId) ?? 0) + texts.length)
    archive.appended(nodeId)
  }

  async function burst(): Promise<void> {
    const lines = Array.from({ length: EACH }, (_, i) => `line-${i}`)
    for (const node of NODES) await append(node, lines)
  }
}

function idOf(hit: string): string {
  const { node_id, message } = JSON.parse(hit) as { node_id: string; message: string }
  return `${node_id} ${message.slice(5)}`
}

async function countBy(archive: Archive, what: string): Promise<number> {
  if (what === 'count') return (await archive.count({ ...QUESTION, bucket: 60 })).count
  if (what === 'export') {
    const layout = { nodeId: undefined, raw: false, bom: false, trailer: false }
    const question = { ...QUESTION, order: 'asc', format: 'ndjson', layout } as const
    const exported = await archive.export(question, parseQuery('level:info'))
    let count = 0
    for (let piece = await exported.read(); piece; piece = await exported.read()) {
      count += piece.count
    }
    exported.close()
    return count
  }
  let count = 0
  let cursor: string | undefined
  do {
    const page = await archive.search({ ...QUESTION, order: 'asc', limit: 1000, cursor })
    count += page.logs.length
    cursor = page.cursor
  } while (cursor !== undefined)
  return count
}
