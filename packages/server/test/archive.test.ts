import { LEVELS, type LogEntry } from '@launchtail/client/protocol'
import { parseQuery } from '@launchtail/client/query'
import { describe, expect, it } from 'vitest'
import { createWordIndex } from '../src/find/archive/index-words.js'
import type { Page } from '../src/find/archive/pages.js'
import type { SearchQuestion } from '../src/find/archive/question.js'
import { createReached } from '../src/find/archive/reached.js'
import { createRemoval } from '../src/find/archive/removal.js'
import { type Budget, search } from '../src/find/archive/search.js'
import { forgetWords } from '../src/find/archive/tables.js'
import { createTakeIn } from '../src/find/archive/take-in.js'
import { checkOf } from '../src/logs/check.js'
import { writeEntry } from '../src/logs/entry-text.js'
import { openArchiveFile } from './support/archive-file.js'

const KEEPING = { usual: 1000, failed: 5000, maxBytes: 1e9 }
const NOW = Date.UTC(2026, 0, 15, 12)

describe('the archive', () => {
  it('finds what it has, newest first, indexed or not', async () => {
    const archive = await open()
    archive.add('a', ['one apple', 'two'])
    archive.add('b', ['three apples', 'an apple'])
    expect(await archive.messages('apple')).toEqual(['an apple', 'one apple'])
    archive.indexAll()
    archive.add('a', ['apple again'])
    expect(await archive.messages('apple')).toEqual(['apple again', 'an apple', 'one apple'])
    expect(await archive.messages('apple', { order: 'asc' })).toEqual([
      ...['one apple', 'an apple', 'apple again'],
    ])
    expect(await archive.messages('apple', { nodes: new Set(['a']) })).toEqual([
      ...['apple again', 'one apple'],
    ])
    expect(await archive.messages('')).toHaveLength(5)
  })

  it('reads no more of large entries at once than of small ones', async () => {
    const archive = await open()
    archive.add(
      'small',
      Array.from({ length: 100 }, (_, i) => `${i}`),
    )
    expect(archive.index(1000)).toBe(100)
    archive.add(
      'large',
      Array.from({ length: 100 }, (_, i) => `${i} ${'x'.repeat(60_000)}`),
    )
    expect(archive.index(1000)).toBe(8)
    archive.indexAll()
    expect(await archive.messages('99')).toHaveLength(2)
  })

  it('takes a page in once, and begins a new list where the old one was replaced', async () => {
    const archive = await open()
    archive.add('a', ['one', 'two'])
    const again = pageOf(['two'], 1, 'a')
    const [one, two] = pageOf(['one', 'two'], 0, 'a').texts.map(checkOf)
    const there = { length: 2, check: two }
    expect(archive.takeIn([{ ...again, previous: one }])).toEqual([there])
    expect(archive.takeIn([{ ...pageOf(['x'], 2, 'a'), previous: one }])).toEqual([there])
    archive.add('a', ['three'])
    expect(archive.reached(['a', 'b'])).toMatchObject([{ length: 1 }, { length: 0 }])
    // The list before it stays until its time is over.
    expect(await archive.messages('')).toEqual(['three', 'two', 'one'])
  })

  it('goes on from a cursor, over what is added meanwhile, and not in another archive', async () => {
    const archive = await open()
    archive.add('a', ['1', '2', '3', '4', '5'])
    const first = await archive.search('', { limit: 2 })
    expect(first.cursor).toMatch(/^[0-9a-f]{8}-\d+$/)
    archive.add('b', ['6'])
    const next = await archive.search('', { limit: 2, cursor: first.cursor })
    const last = await archive.search('', { limit: 2, cursor: next.cursor })
    expect([first, next, last].map(messagesOf)).toEqual([['5', '4'], ['3', '2'], ['1']])
    expect(last).toMatchObject({ isComplete: true, cursor: undefined })
    const other = await open()
    await expect(other.search('', { cursor: first.cursor })).rejects.toThrow()
  })

  it.each(['asc', 'desc'] as const)(
    'reads the entries of one node from any place on, in order %s',
    async (order) => {
      const archive = await open()
      for (let n = 0; n < 40; n += 1) {
        archive.add('a', [`a ${n * 2}`, `a ${n * 2 + 1}`], { from: n * 2 })
        archive.add('b', [`b ${n}`], { from: n })
      }
      const own = Array.from({ length: 80 }, (_, n) => `a ${n}`)
      const expected = order === 'asc' ? own : own.toReversed()
      for (const indexed of [0, 30, 1000]) {
        archive.index(indexed)
        for (const limit of [1, 7, 80, 100]) {
          const found: string[] = []
          for (let cursor: string | undefined = ''; cursor !== undefined; ) {
            const how = { nodes: new Set(['a']), order, limit }
            const page = await archive.search('', { ...how, ...(cursor && { cursor }) })
            found.push(...messagesOf(page))
            cursor = page.cursor
          }
          expect(found).toEqual(expected)
        }
      }
      const of = { nodes: new Set(['a']), order }
      const { logs, scanned } = await archive.search('/^a 7/', of)
      expect([logs.length, scanned]).toEqual([11, 80])
      expect((await archive.search('/^b/', of)).scanned).toBe(80)
    },
  )

  it('ends a search when its budget is spent, and goes on from there', async () => {
    const archive = await open()
    archive.add(
      'a',
      Array.from({ length: 30 }, (_, n) => (n === 3 ? 'needle here' : 'hay')),
    )
    const budget = { entries: 20, time: 10_000 }
    const first = await archive.search('/needle/', {}, budget)
    expect(first).toMatchObject({ logs: [], isComplete: false, scanned: 20 })
    expect(first.lookedUpTo).toBe(timeOf(10))
    const second = await archive.search('/needle/', { cursor: first.cursor }, budget)
    expect(messagesOf(second)).toEqual(['needle here'])
    expect(second.isComplete).toBe(true)
  })

  it('looks at the entries themselves where a query’s prefixes stand for too many words', async () => {
    const archive = await open()
    const letters = [...'abcdefghijklmnopqrstuvwxyz']
    archive.add(
      'a',
      letters.map((letter) => `${letter}${letter}${letter}1 usual`),
    )
    archive.indexAll()
    const looked = async (query: string) => {
      const { logs, scanned } = await archive.search(query)
      return [logs.length, scanned]
    }
    const prefixes = (count: number, length: number) =>
      letters.slice(0, count).map((letter) => `${letter.repeat(length)}*`)
    expect(await looked(prefixes(2, 1).join(' OR '))).toEqual([2, 2])
    expect(await looked(prefixes(10, 1).join(' OR '))).toEqual([10, 26])
    expect(await looked(prefixes(16, 3).join(' OR '))).toEqual([16, 16])
    expect(await looked(prefixes(17, 3).join(' OR '))).toEqual([17, 26])
    // What else is demanded is still asked of the index, and nothing is excluded that might be found.
    expect(await looked(`ccc1 (${prefixes(10, 1).join(' OR ')})`)).toEqual([1, 1])
    expect(await looked(`ccc1 -(${prefixes(10, 1).join(' OR ')})`)).toEqual([0, 1])
    expect(await looked(`usual -(${prefixes(10, 1).join(' OR ')})`)).toEqual([16, 26])
    expect(await looked(prefixes(10, 1).join(' '))).toEqual([0, 26])
  })

  it('brings neighbours along', async () => {
    const archive = await open()
    archive.add('a', ['1', '2', 'here', '4'])
    const { logs } = await archive.search('here', { context: 2 })
    const hit = JSON.parse(logs[0] as string) as { before: LogEntry[]; after: LogEntry[] }
    expect(hit.before.map(({ message }) => message)).toEqual(['1', '2'])
    expect(hit.after.map(({ message }) => message)).toEqual(['4'])
  })

  it('forgets a node at once, and its rows by and by', async () => {
    const archive = await open()
    archive.add('a', ['apple'])
    archive.add('b', ['apple'])
    archive.indexAll()
    archive.removal.forget('a')
    expect(await archive.messages('apple')).toHaveLength(1)
    archive.purgeAll()
    expect(archive.counts()).toEqual({ entries: 1, words: 1, lists: 1 })
    // A node with the same id begins anew.
    archive.add('a', ['pear'])
    expect(await archive.messages('')).toEqual(['pear', 'apple'])
  })

  it('keeps a list for its time, and that of a failed launch longer', async () => {
    const archive = await open()
    archive.add('old', ['apple'], { now: 0 })
    archive.add('failed', ['apple'], { now: 0, phase: 'failed' })
    archive.add('new', ['apple'], { now: 900 })
    expect(archive.removal.expire(1000)).toBe(1900)
    archive.purgeAll()
    expect(await archive.messages('apple')).toHaveLength(2)
    archive.removal.expire(4999)
    expect(await archive.messages('', {}, 'failed')).toHaveLength(1)
    expect(archive.removal.expire(5000)).toBeUndefined()
    expect(await archive.messages('')).toEqual([])
  })

  it('removes the oldest entries where there are too many, and goes on with their list', async () => {
    const archive = await open({ ...KEEPING, maxBytes: 400_000 })
    for (const [n, node] of ['a', 'b', 'c'].entries()) {
      archive.add(
        node,
        Array.from({ length: 500 }, () => `apple ${'x'.repeat(300)}`),
        { now: n },
      )
    }
    archive.indexAll()
    expect(archive.removal.makeFit()).toEqual(['a', 'b'])
    archive.purgeAll()
    expect(archive.removal.makeFit()).toEqual([])
    archive.add('a', ['apple again'], { from: 500 })
    expect(await archive.messages('apple', { nodes: new Set(['a']) })).toEqual(['apple again'])
    expect(archive.reached(['a'])).toMatchObject([{ length: 501 }])
    archive.removal.forget('c')
    archive.purgeAll()
    expect(archive.counts()).toMatchObject({ entries: 1 })
  })

  it('sorts what is taken in together by time, and leaves each list in its order', async () => {
    const archive = await open()
    const a = pageOf(['a1', 'a2', 'a3'], 0, 'a', [5, 1, 9])
    const b = pageOf(['b1', 'b2'], 0, 'b', [4, 6])
    archive.takeIn([a, b])
    expect(await archive.messages('', { order: 'asc' })).toEqual(['b1', 'a1', 'a2', 'b2', 'a3'])
  })

  it('passes over blocks of another time', async () => {
    const archive = await open()
    const count = 5000
    archive.add(
      'a',
      Array.from({ length: count }, (_, n) => `line ${n}`),
    )
    archive.indexAll()
    const since = { seconds: NOW / 1000 + count - 10, nanos: 0 }
    const { logs, scanned } = await archive.search('/line/', { since })
    expect(logs).toHaveLength(9)
    expect(scanned).toBeLessThan(1500)
    const q = `timestamp:${timeOf(100)}..${timeOf(104)}`
    expect((await archive.search(q)).logs).toHaveLength(5)
  })

  it('has the same index when it is built anew', async () => {
    const archive = await open()
    archive.add('a', ['apple', 'pear', 'apple pie'])
    archive.indexAll()
    archive.forgetWords()
    expect(archive.counts()).toMatchObject({ words: 0 })
    expect(await archive.messages('apple')).toHaveLength(2)
    archive.indexAll()
    expect(await archive.messages('apple')).toHaveLength(2)
    expect(archive.counts()).toEqual({ entries: 3, words: 3, lists: 1 })
  })

  it('tells words from levels and phases, which have a sign before them in the index', async () => {
    const archive = await open()
    archive.add('a', ['paper', 'other'], { phase: 'provisioning' })
    archive.add('b', ['plain', 'other'], { phase: 'model_loading' })
    archive.indexAll()
    expect(await archive.search('p*')).toMatchObject({ scanned: 2, logs: { length: 2 } })
    expect(await archive.messages('other -p*')).toEqual(['other', 'other'])
    // The tokenizer must not cut it in two.
    expect(await archive.search('phase:model_loading')).toMatchObject({ scanned: 2 })
    expect(await archive.messages('other -phase:model_loading')).toEqual(['other'])
    expect(await archive.messages('model')).toEqual([])
  })

  it.each([
    ['the right', (inner: string) => `(x OR plain (paper ${inner}))`],
    ['the left', (inner: string) => `((${inner} paper) OR x)`],
    ['what is under NOT', (inner: string) => `paper -(plain ${inner})`],
    ['each place', (inner: string) => `(x OR plain -y (paper -(z ${inner})))`],
  ] as const)('answers queries that are nested as deep as they may be, at %s', async (_, nest) => {
    const archive = await open()
    const messages = ['none', 'plain paper', 'paper']
    archive.add('a', messages.toReversed())
    archive.indexAll()
    let deepest = 'paper'
    for (let query = deepest; isUnderstood(query); query = nest(query)) deepest = query
    expect(deepest.length).toBeGreaterThan(150)
    const predicate = parseQuery(deepest).predicate({ now: NOW })
    const expected = messages.filter((message) => predicate(entryOf(message), undefined))
    expect(await archive.messages(deepest)).toEqual(expected)
    expect([1, 2]).toContain(expected.length)
  })

  it('offers an entry with too many words for each of them', async () => {
    const archive = await open()
    const words = Array.from({ length: 6000 }, (_, n) => `w${n.toString(36)}`).join(' ')
    archive.add('a', [words, 'w1 alone'])
    archive.indexAll()
    expect(await archive.messages('w1')).toHaveLength(2)
    expect(await archive.messages('w2 -alone')).toHaveLength(1)
    expect(await archive.messages('nothing')).toEqual([])
  })
})

async function open(keeping = KEEPING) {
  const { db, reading } = await openArchiveFile()
  const takeIn = createTakeIn(db)
  const removal = createRemoval(db, keeping)
  let index = createWordIndex(db)
  const lasts = new Map<string, string>()
  return {
    removal,
    reached: createReached(db),
    takeIn: (pages: readonly Page[], now = 0) => takeIn(pages, now),
    /** Begins a list, or goes on with one from an index. */
    add(
      nodeId: string,
      messages: readonly string[],
      { now = 0, from = 0, phase = 'queued' as LogEntry['phase'] } = {},
    ) {
      const page = pageOf(messages, from, nodeId, undefined, phase)
      const previous = from > 0 ? lasts.get(nodeId) : undefined
      lasts.set(nodeId, checkOf(page.texts.at(-1) as string))
      return takeIn([{ ...page, previous }], now)
    },
    index: (most: number) => index.takeIn(most),
    indexAll() {
      while (index.behind() > 0) index.takeIn(1000)
    },
    forgetWords() {
      forgetWords(db)
      index = createWordIndex(db)
    },
    purgeAll() {
      while (removal.purge());
    },
    search: (query: string, how: Partial<SearchQuestion> = {}, budget?: Budget) =>
      search(
        reading,
        { ...QUESTION, query, ...how },
        { indexed: index.indexed(), ...(budget && { budget }) },
      ),
    async messages(query: string, how: Partial<SearchQuestion> = {}, phase?: LogEntry['phase']) {
      return messagesOf(await this.search(query, { ...how, phase }))
    },
    counts() {
      const count = (table: string) =>
        (db.prepare(`select count(*) as n from ${table}`).get() as { n: number }).n
      return { entries: count('entries'), words: count('words'), lists: count('lists') }
    },
  }
}

const QUESTION: SearchQuestion = {
  query: '',
  now: NOW,
  since: undefined,
  until: undefined,
  levels: undefined,
  phase: undefined,
  nodes: undefined,
  launches: undefined,
  limit: 100,
  order: 'desc',
  cursor: undefined,
  context: 0,
}

function pageOf(
  messages: readonly string[],
  from: number,
  nodeId: string,
  seconds: readonly number[] = messages.map((_, n) => from + n),
  phase: LogEntry['phase'] = 'queued',
): Page {
  const texts = messages.map((message, n) =>
    writeEntry({ timestamp: timeOf(seconds[n] ?? 0), level: LEVELS[1], message, phase }),
  )
  return { nodeId, from, texts, previous: undefined }
}

function isUnderstood(query: string): boolean {
  try {
    parseQuery(query)
    return true
  } catch {
    // Nested more than it may be.
    return false
  }
}

function entryOf(message: string): LogEntry {
  return { timestamp: timeOf(0), level: LEVELS[1], message, phase: 'queued' }
}

function timeOf(second: number): string {
  return new Date(NOW + second * 1000).toISOString()
}

function messagesOf({ logs }: { logs: readonly string[] }): string[] {
  return logs.map((text) => (JSON.parse(text) as LogEntry).message)
}
