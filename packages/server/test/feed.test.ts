import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readEntry, writeEntry } from '../src/logs/entry-text.js'
import { sqliteLogStore } from '../src/logs/sqlite/store.js'
import type { LogStore, Watcher } from '../src/logs/store.js'
import { type Feed, openFeed } from '../src/stream/feed/feed.js'
import { temporaryFolder } from './support/processes.js'

/** A feed of the node `n`, what it told, and `meanwhile`, called at each of its reads before the end. */
async function open(meanwhile: (reads: number) => Promise<unknown> = async () => {}) {
  const file = join(await temporaryFolder(), 'logs.db')
  const real = await sqliteLogStore({ file, retention: 60_000 })
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
    share: () => 1_000_000,
  })
  onTestFinished(async () => {
    feed.close()
    await real.close()
  })
  return {
    ...{ feed, told },
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
