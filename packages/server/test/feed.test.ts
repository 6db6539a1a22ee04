import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readEntry, writeEntry } from '../src/logs/entry-text.js'
import { sqliteLogStore } from '../src/logs/sqlite/store.js'
import type { LogStore, Watcher } from '../src/logs/store.js'
import { type Feed, openFeed } from '../src/stream/feed/feed.js'
import { temporaryFolder } from './support/processes.js'

/** A feed of the node `n`, what it told, and `meanwhile`, called at each of its reads before the end. */
async function open(
  meanwhile: (reads: number) => Promise<unknown> = async () => {},
  { filled = 0, share = 1_000_000, isShared = (): boolean => true } = {},
) {
  const file = join(await temporaryFolder(), 'logs.db')
  const real = await sqliteLogStore({ file, retention: 60_000 })
  if (filled > 0)
    await real.append(
      'n',
      Array.from({ length: filled }, (_, i) => textOf(`${i}`)),
    )
  const told: string[] = []
  let reads = 0
  let watcher: Watcher | undefined
  const store: LogStore = {
    ...real,
    watch(nodeId, given) {
      watcher = given
      return real.watch(nodeId, given)
    },
    async read(...args) {
      reads += 1
      const texts = await real.read(...args)
      await meanwhile(reads)
      return texts
    },
  }
  const tell = (what: string) => () => void told.push(what)
  const feed: Feed = await openFeed({
    nodeId: 'n',
    store,
    readText: readEntry,
    recordAt: async () => undefined,
    listener: {
      grown: () => {},
      replaced: tell('replaced'),
      removed: tell('removed'),
      lost: tell('lost'),
      found: tell('found'),
    },
    share: () => share,
    isShared,
  })
  onTestFinished(async () => {
    feed.close()
    await real.close()
  })
  return {
    ...{ feed, told },
    store: real,
    push: (message: string) => push(real, message),
    reads: () => reads,
    news: (index: number, texts: string[]) =>
      watcher?.appended({ index, previous: undefined, texts }),
  }
}

function push(store: LogStore, message: string) {
  return store.append('n', [textOf(message)])
}

function textOf(message: string): string {
  const entry = { timestamp: '2026-01-01T00:00:00Z', level: 'info', message, phase: 'installing' }
  return writeEntry(entry as never)
}

const messagesOf = (feed: Feed) => feed.newer(-1)?.map(({ entry }) => entry?.message)

test('a look at a list that is written to without rest comes to an end', async () => {
  let n = 0
  let going = false
  const { feed, told, push, reads } = await open(async () => {
    if (going && n < 100) await push(`meanwhile ${++n}`)
  })
  await push('first')
  going = true
  const before = reads()
  await feed.sync()
  expect(reads() - before).toBe(1)
  expect(messagesOf(feed)).toEqual(['first', 'meanwhile 1'])
  await feed.sync()
  expect(messagesOf(feed)).toEqual(['first', 'meanwhile 1', 'meanwhile 2'])
  expect(told).toEqual([])
})

test('a poll that news overtook is passed over, and one of another list is looked into', async () => {
  const { feed, push, reads, news } = await open()
  for (const message of ['one', 'two', 'three']) await push(message)
  const before = reads()
  news(1, [textOf('two')])
  news(0, [textOf('one'), textOf('two'), textOf('three')])
  expect(reads()).toBe(before)
  news(1, [textOf('another')])
  expect(reads()).toBe(before + 1)
  await feed.sync()
  expect(messagesOf(feed)).toEqual(['one', 'two', 'three'])
})

/** Reads all as a reader does: each page from the entry seen last. Gives the reads of the store by page. */
async function readAll(feed: Feed, reads: () => number) {
  const messages: string[] = []
  const byPage: number[] = []
  for (let from = 0; messages.length < feed.length(); ) {
    const before = reads()
    const page = await feed.read(from, 300)
    byPage.push(reads() - before)
    const seen = from === 0 ? 0 : 1
    messages.push(...page.slice(seen).map(({ entry }) => entry?.message as string))
    from = messages.length - 1
  }
  return { messages, byPage }
}

test('who reads a whole list waits for no more than a page, and spares the next reader the store', async () => {
  const { feed, reads } = await open(undefined, { filled: 1000 })
  const all = Array.from({ length: 1000 }, (_, i) => `${i}`)
  const first = await readAll(feed, reads)
  expect(first.messages).toEqual(all)
  expect(Math.max(...first.byPage)).toBe(1)
  const second = await readAll(feed, reads)
  expect(second.messages).toEqual(all)
  expect(second.byPage.filter((count) => count > 0)).toEqual([])
})

test('a reader that leaves half-way spares the next one what it has read', async () => {
  const { feed, reads } = await open(undefined, { filled: 1000 })
  await feed.read(0, 300)
  await feed.read(299, 300)
  const before = reads()
  await feed.read(0, 300)
  expect(reads()).toBe(before)
  expect((await readAll(feed, reads)).messages).toHaveLength(1000)
  expect(reads() - before).toBeLessThan(4)
})

test('what a reader takes that is alone is read once, but its last page is not kept for others', async () => {
  let readers = 1
  const { feed, reads } = await open(undefined, { filled: 1000, isShared: () => readers > 1 })
  const all = Array.from({ length: 1000 }, (_, i) => `${i}`)
  const first = await readAll(feed, reads)
  expect(first.messages).toEqual(all)
  expect(Math.max(...first.byPage)).toBe(1)
  readers = 2
  const second = await readAll(feed, reads)
  expect(second.messages).toEqual(all)
  expect(second.byPage[0]).toBe(1)
  const third = await readAll(feed, reads)
  expect(third.messages).toEqual(all)
  expect(third.byPage.filter((count) => count > 0)).toEqual([])
})

test('company that comes half-way begins with what the first reader has read last', async () => {
  let readers = 1
  const { feed, reads } = await open(undefined, { filled: 1000, isShared: () => readers > 1 })
  await feed.read(0, 500)
  readers = 2
  await feed.read(499, 500)
  const before = reads()
  await feed.read(0, 500)
  await feed.read(499, 500)
  expect(reads()).toBe(before)
})

test('a reader that began further back leads on to what is kept', async () => {
  const { feed, reads } = await open(undefined, { filled: 1000 })
  await feed.read(400, 300)
  await feed.read(0, 500)
  const before = reads()
  await feed.read(0, 400)
  await feed.read(399, 400)
  expect(reads()).toBe(before)
})

test('a list that does not fit into memory is read from the store each time', async () => {
  const { feed, reads } = await open(undefined, { filled: 2000, share: 300_000 })
  await readAll(feed, reads)
  const { messages, byPage } = await readAll(feed, reads)
  expect(messages).toHaveLength(2000)
  expect(byPage[0]).toBe(1)
})

test('what was read of a list that has been replaced meanwhile joins no other', async () => {
  let replace = async () => {}
  const { feed, store, reads, told } = await open(async (count) => count === 2 && replace(), {
    filled: 2000,
  })
  await feed.read(0, 300)
  replace = async () => {
    replace = async () => {}
    await store.remove('n')
    await store.append(
      'n',
      Array.from({ length: 2000 }, (_, i) => textOf(`new ${i}`)),
    )
    await feed.sync()
  }
  await feed.read(299, 300)
  expect(told).toContain('replaced')
  const { messages } = await readAll(feed, reads)
  expect(messages).toEqual(Array.from({ length: 2000 }, (_, i) => `new ${i}`))
})
