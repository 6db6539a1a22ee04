import { LEVELS, type LogEntry } from '@launchtail/client/protocol'
import { parseQuery } from '@launchtail/client/query'
import { describe, expect, it } from 'vitest'
import type { ArchiveDb } from '../src/find/archive/archive-db.js'
import { stateOf } from '../src/find/archive/facts.js'
import { holesIn } from '../src/find/archive/holes.js'
import { createWordIndex, forgetWords } from '../src/find/archive/index-words.js'
import type { Page } from '../src/find/archive/pages.js'
import type { SearchQuestion } from '../src/find/archive/question.js'
import { reachedIn } from '../src/find/archive/reached.js'
import { createRemoval } from '../src/find/archive/removal.js'
import { type Budget, search } from '../src/find/archive/search.js'
import { takeIn } from '../src/find/archive/take-in.js'
import { checkOf } from '../src/logs/check.js'
import { writeEntry } from '../src/logs/entry-text.js'
import { newArchivePlace, openArchiveDb } from './support/archive-db.js'

const KEEPING = { usual: 1000, failed: 5000, maxBytes: 1e9 }
const NOW = Date.UTC(2026, 0, 15, 12)

describe('the archive', () => {
  it('finds what it has, newest first, indexed or not', async () => {
    const archive = await open()
    await archive.add('a', ['one apple', 'two'])
    await archive.add('b', ['three apples', 'an apple'])
    expect(await archive.messages('apple')).toEqual(['an apple', 'one apple'])
    await archive.indexAll()
    await archive.add('a', ['apple again'])
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
    await archive.add(
      'small',
      Array.from({ length: 100 }, (_, i) => `${i}`),
    )
    expect(await archive.index(1000)).toBe(100)
    await archive.add(
      'large',
      Array.from({ length: 100 }, (_, i) => `${i} ${'x'.repeat(60_000)}`),
    )
    expect(await archive.index(1000)).toBe(8)
    await archive.indexAll()
    expect(await archive.messages('99')).toHaveLength(2)
  })

  it('takes a page in once, and begins a new list where the old one was replaced', async () => {
    const archive = await open()
    await archive.add('a', ['one', 'two'])
    const again = pageOf(['two'], 1, 'a')
    const [one, two] = pageOf(['one', 'two'], 0, 'a').texts.map(checkOf)
    const there = { length: 2, check: two }
    expect(await archive.takeIn([{ ...again, previous: one }])).toEqual([there])
    expect(await archive.takeIn([{ ...pageOf(['x'], 2, 'a'), previous: one }])).toEqual([there])
    await archive.add('a', ['three'])
    expect(await archive.reached(['a', 'b'])).toMatchObject([{ length: 1 }, { length: 0 }])
    // The list before it stays until its time is over.
    expect(await archive.messages('')).toEqual(['three', 'two', 'one'])
  })

  it('goes on from a cursor, over what is added meanwhile, and not in another archive', async () => {
    const archive = await open()
    await archive.add('a', ['1', '2', '3', '4', '5'])
    const first = await archive.search('', { limit: 2 })
    expect(first.cursor).toMatch(/^[0-9a-f]{8}-\d+$/)
    await archive.add('b', ['6'])
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
        await archive.add('a', [`a ${n * 2}`, `a ${n * 2 + 1}`], { from: n * 2 })
        await archive.add('b', [`b ${n}`], { from: n })
      }
      const own = Array.from({ length: 80 }, (_, n) => `a ${n}`)
      const expected = order === 'asc' ? own : own.toReversed()
      for (const indexed of [0, 30, 1000]) {
        await archive.index(indexed)
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
    await archive.add(
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
    await archive.add(
      'a',
      letters.map((letter) => `${letter}${letter}${letter}1 usual`),
    )
    await archive.indexAll()
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
    await archive.add('a', ['1', '2', 'here', '4'])
    const { logs } = await archive.search('here', { context: 2 })
    const hit = JSON.parse(logs[0] as string) as { before: LogEntry[]; after: LogEntry[] }
    expect(hit.before.map(({ message }) => message)).toEqual(['1', '2'])
    expect(hit.after.map(({ message }) => message)).toEqual(['4'])
  })

  it('forgets a node at once, and its rows by and by', async () => {
    const archive = await open()
    await archive.add('a', ['apple'])
    await archive.add('b', ['apple'])
    await archive.indexAll()
    await archive.removal.forget('a')
    expect(await archive.messages('apple')).toHaveLength(1)
    await archive.purgeAll()
    expect(await archive.counts()).toEqual({ entries: 1, words: 1, lists: 1 })
    // A node with the same id begins anew.
    await archive.add('a', ['pear'])
    expect(await archive.messages('')).toEqual(['pear', 'apple'])
  })

  it('keeps a list for its time, and that of a failed launch longer', async () => {
    const archive = await open()
    await archive.add('old', ['apple'], { now: 0 })
    await archive.add('failed', ['apple'], { now: 0, phase: 'failed' })
    await archive.add('new', ['apple'], { now: 900 })
    expect(await archive.removal.expire(1000)).toBe(1900)
    await archive.purgeAll()
    expect(await archive.messages('apple')).toHaveLength(2)
    await archive.removal.expire(4999)
    expect(await archive.messages('', {}, 'failed')).toHaveLength(1)
    expect(await archive.removal.expire(5000)).toBeUndefined()
    expect(await archive.messages('')).toEqual([])
  })

  it('removes the oldest entries where there are too many, and goes on with their list', async () => {
    const archive = await open()
    for (const [n, node] of ['a', 'b', 'c'].entries()) {
      await archive.add(
        node,
        Array.from({ length: 500 }, () => `apple ${'x'.repeat(300)}`),
        { now: n },
      )
    }
    await archive.indexAll()
    expect(await archive.removal.makeFit()).toEqual([])
    const maxBytes = (await archive.db.used()) * 0.6
    const removal = createRemoval(archive.db, { ...KEEPING, maxBytes })
    expect(await removal.makeFit()).toEqual(['a', 'b'])
    await archive.purgeAll()
    expect(await removal.makeFit()).toEqual([])
    await archive.add('a', ['apple again'], { from: 500 })
    expect(await archive.messages('apple', { nodes: new Set(['a']) })).toEqual(['apple again'])
    expect(await archive.reached(['a'])).toMatchObject([{ length: 501 }])
    await archive.removal.forget('c')
    await archive.purgeAll()
    expect(await archive.counts()).toMatchObject({ entries: 1 })
  })

  it('sorts what is taken in together by time, and leaves each list in its order', async () => {
    const archive = await open()
    const a = pageOf(['a1', 'a2', 'a3'], 0, 'a', [5, 1, 9])
    const b = pageOf(['b1', 'b2'], 0, 'b', [4, 6])
    await archive.takeIn([a, b])
    expect(await archive.messages('', { order: 'asc' })).toEqual(['b1', 'a1', 'a2', 'b2', 'a3'])
  })

  it('passes over blocks of another time', async () => {
    const archive = await open()
    const count = 5000
    await archive.add(
      'a',
      Array.from({ length: count }, (_, n) => `line ${n}`),
    )
    await archive.indexAll()
    const since = { seconds: NOW / 1000 + count - 10, nanos: 0 }
    const { logs, scanned } = await archive.search('/line/', { since })
    expect(logs).toHaveLength(9)
    expect(scanned).toBeLessThan(1500)
    const q = `timestamp:${timeOf(100)}..${timeOf(104)}`
    expect((await archive.search(q)).logs).toHaveLength(5)
  })

  it('has the same index when it is built anew', async () => {
    const archive = await open()
    await archive.add('a', ['apple', 'pear', 'apple pie'])
    await archive.indexAll()
    await archive.forgetWords()
    expect(await archive.counts()).toMatchObject({ words: 0 })
    expect(await archive.messages('apple')).toHaveLength(2)
    await archive.indexAll()
    expect(await archive.messages('apple')).toHaveLength(2)
    expect(await archive.counts()).toEqual({ entries: 3, words: 3, lists: 1 })
  })

  it('tells words from levels and phases, which have a sign before them in the index', async () => {
    const archive = await open()
    await archive.add('a', ['paper', 'other'], { phase: 'provisioning' })
    await archive.add('b', ['plain', 'other'], { phase: 'model_loading' })
    await archive.indexAll()
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
    await archive.add('a', messages.toReversed())
    await archive.indexAll()
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
    await archive.add('a', [words, 'w1 alone'])
    await archive.indexAll()
    expect(await archive.messages('w1')).toHaveLength(2)
    expect(await archive.messages('w2 -alone')).toHaveLength(1)
    expect(await archive.messages('nothing')).toEqual([])
  })

  it('keeps what a text of the database or its index cannot hold', async () => {
    const archive = await open()
    const entry = (message: string) =>
      `{"timestamp":"${timeOf(0)}","level":"info","message":"${message}","phase":"queued"}`
    // Letters of three bytes in words of two parts, each of which is a word, too: 1.3 MB.
    const [upper, lower] = ['\u13a0', '\uab70']
    const runs = Array.from({ length: 1600 }, (_, n) => {
      const own = [...n.toString(16)].map((digit) =>
        String.fromCodePoint(0xab71 + Number.parseInt(digit, 16)),
      )
      return [own, own.toReversed()].map((part) => upper + part.join('').padEnd(63, lower)).join('')
    })
    const texts = [
      entry('nul \\u0000 and lone \\ud800 surrogates'),
      entry(`many ${runs.join(' ')}`),
      entry("quotes ' and \\\\ of $1 ? {lists} ::kinds"),
      entry(`one ${'a'.repeat(200_000)}`),
      entry(`each of ${'가'.repeat(50_000)}`),
    ]
    await archive.takeIn([{ nodeId: 'a', from: 0, texts, previous: undefined }])
    const messages = texts.map((text) => (JSON.parse(text) as LogEntry).message)
    for (const isIndexed of [false, true]) {
      if (isIndexed) await archive.indexAll()
      expect(await archive.messages('', { order: 'asc' })).toEqual(messages)
      expect(await archive.messages('surrogates')).toEqual([messages[0]])
      expect(await archive.messages(`many ${runs[7]}`)).toEqual([messages[1]])
      expect(await archive.messages(`"${runs[8]} ${runs[9]}"`)).toEqual([messages[1]])
      expect(await archive.messages('quotes kinds')).toEqual([messages[2]])
      expect(await archive.messages('aaaaaaaaaaaaaaaaaaaaaaaa*')).toEqual([messages[3]])
      expect(await archive.messages('가가가* each')).toEqual([messages[4]])
    }
  })

  it('stores nothing of what was read before a node was removed, nor what passes over something twice', async () => {
    const archive = await open()
    await archive.add('a', ['apple'])
    const { removals } = await stateOf(archive.db)
    const page = pageOf(['pear'], 0, 'b')
    await archive.removal.forget('a')
    expect(await takeIn(archive.db, [page], { now: 0, removals })).toBeUndefined()
    expect(await archive.messages('')).toEqual([])
    const after = (await stateOf(archive.db)).removals
    const passing = (nodeId: string) => ({ ...pageOf(['last'], 10, nodeId), passedOver: 10 })
    const how = { now: 0, removals: after }
    expect(await takeIn(archive.db, [passing('c')], how)).toMatchObject([{ length: 11 }])
    expect(await takeIn(archive.db, [passing('d')], how)).toMatchObject([{ length: 0 }])
    expect((await holesIn(archive.db)).map(({ nodeId }) => nodeId)).toEqual(['c'])
  })

  it('is written by several at once, each page by one of them', async () => {
    const place = await newArchivePlace()
    if (!('url' in place)) return expect(place).toHaveProperty('file')
    const servers = await Promise.all([openArchiveDb(place), openArchiveDb(place)])
    const [first, second] = servers as [ArchiveDb, ArchiveDb]
    let previous: string | undefined
    for (let from = 0; from < 200; from += 20) {
      const texts = Array.from({ length: 20 }, (_, n) => entryText(`line ${from + n}`))
      const page = { nodeId: 'a', from, texts, previous }
      const reached = await Promise.all(servers.map((db) => takeIn(db, [page], { now: 0 })))
      previous = checkOf(texts.at(-1) as string)
      const there = [{ length: from + 20, check: previous }]
      expect(reached).toEqual([there, there])
      await Promise.all(servers.map((db) => createWordIndex(db).takeIn(15)))
    }
    const { logs } = await search(second, { ...QUESTION, query: 'line', limit: 1000 })
    expect(messagesOf({ logs })).toEqual(Array.from({ length: 200 }, (_, n) => `line ${199 - n}`))
    expect(await first.one('select count(*) as n from {lists}')).toEqual({ n: 1 })
    expect(first.name).toBe(second.name)
  })
})

async function open() {
  const db = await openArchiveDb()
  const removal = createRemoval(db, KEEPING)
  const index = createWordIndex(db)
  const lasts = new Map<string, string>()
  return {
    db,
    removal,
    reached: (nodeIds: readonly string[]) => reachedIn(db, nodeIds),
    takeIn: (pages: readonly Page[], now = 0) => takeIn(db, pages, { now }),
    /** Begins a list, or goes on with one from an index. */
    async add(
      nodeId: string,
      messages: readonly string[],
      { now = 0, from = 0, phase = 'queued' as LogEntry['phase'] } = {},
    ) {
      const page = pageOf(messages, from, nodeId, undefined, phase)
      const previous = from > 0 ? lasts.get(nodeId) : undefined
      const [replaces] = await reachedIn(db, [nodeId])
      lasts.set(nodeId, checkOf(page.texts.at(-1) as string))
      return takeIn(db, [{ ...page, previous, replaces }], { now })
    },
    index: (most: number) => index.takeIn(most),
    async indexAll() {
      while ((await index.behind()) > 0) await index.takeIn(1000)
    },
    forgetWords: () => forgetWords(db),
    async purgeAll() {
      while (await removal.purge());
    },
    search: (query: string, how: Partial<SearchQuestion> = {}, budget?: Budget) =>
      search(db, { ...QUESTION, query, ...how }, budget && { budget }),
    async messages(query: string, how: Partial<SearchQuestion> = {}, phase?: LogEntry['phase']) {
      return messagesOf(await this.search(query, { ...how, phase }))
    },
    async counts() {
      const count = async (table: string) =>
        (await db.one<{ n: number }>(`select count(*) as n from {${table}}`))?.n
      return {
        entries: await count('entries'),
        words: await count('words'),
        lists: await count('lists'),
      }
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

function entryText(message: string): string {
  return writeEntry(entryOf(message))
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
