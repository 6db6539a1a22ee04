import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { readEntry } from '../src/logs/entry-text.js'
import { readHistory } from '../src/logs/history.js'
import { sqliteLogStore } from '../src/logs/sqlite/store.js'
import type { LogStore } from '../src/logs/store.js'
import { temporaryFolder } from './support/processes.js'

const ALL = { tail: Number.POSITIVE_INFINITY }

/** A list too large to be kept from the first look to the second. */
function entries(message: string, count: number): string[] {
  const timestamp = '2024-01-15T10:30:00Z'
  const details = 'x'.repeat(20_000)
  return Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      timestamp,
      level: 'info',
      message: `${message} ${i}`,
      phase: 'queued',
      details,
    }),
  )
}

/** A store that `happens` before each read of the second look. */
async function openStore(happens: (store: LogStore) => Promise<void>) {
  const file = join(await temporaryFolder(), 'logs.db')
  const store = await sqliteLogStore({ file, retention: 60_000 })
  onTestFinished(() => store.close())
  await store.append('n', entries('old', 30))
  const read: LogStore['read'] = async (...args) => {
    await happens(store)
    return store.read(...args)
  }
  const find = async (texts: readonly string[]) => texts.map((text) => readEntry(text)?.message)
  return { store: { ...store, read }, readText: readEntry, nodeId: 'n', find }
}

it('a list that is replaced between the two looks is looked at again', async () => {
  let replaced = false
  const options = await openStore(async (store) => {
    if (replaced) return
    replaced = true
    await store.remove('n')
    await store.append('n', entries('new', 20))
  })
  const { first, length, pages } = await readHistory(options, ALL)
  const found: (string | undefined)[] = []
  for await (const page of pages()) found.push(...page)
  expect(found).toEqual(Array.from({ length: 20 }, (_, i) => `new ${i}`))
  expect([first?.index, length]).toEqual([0, 20])
})

it('one that is replaced again and again is 503', async () => {
  let size = 29
  const options = await openStore(async (store) => {
    await store.remove('n')
    await store.append('n', entries('new', size))
    size -= 1
  })
  await expect(readHistory(options, ALL)).rejects.toMatchObject({ status: 503 })
})
