import type { LogEntry } from '@launchtail/client/protocol'
import { expect, onTestFinished, test, vi } from 'vitest'
import { writeEntry } from '../src/logs/entry-text.js'
import { sqliteLogStore } from '../src/logs/sqlite/store.js'
import type { LaunchReader } from '../src/nodes/launch-events/launch-reader.js'
import { createRegistry } from '../src/nodes/registry.js'
import { temporaryFolder, until } from './support/processes.js'
import { newRecords } from './support/records.js'

/** More than wait as they are. */
const MANY = 600
const AT_ONCE = 100

/** A node that has been sent so much that its record was begun, and is not stored yet. */
async function beginRecord() {
  const database = await newRecords()
  const store = await sqliteLogStore({
    file: `${await temporaryFolder()}/logs.db`,
    retention: 60_000,
  })
  onTestFinished(() => store.close())
  const seen: number[] = []
  const storing = vi.fn<() => Promise<void>>(async () => {})
  const reader: LaunchReader = () => ({
    entry: (_, index) => void seen.push(index),
    prepare: async () => {},
    store: storing,
    stored() {},
  })
  const registry = createRegistry({ database, store, readers: [reader] })
  await registry.create({ nodeId: 'n', about: { model: 'before' } })
  storing.mockClear()
  // The record is stored when the test says so, and not half a second later.
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  for (let from = 0; from < MANY; from += AT_ONCE) await send(from)
  await until('all entries to be folded', () => seen.length === MANY)
  return { database, registry, seen, storing, send }

  async function send(from: number): Promise<void> {
    const entries = Array.from({ length: AT_ONCE }, (_, i) => entryOf(from + i))
    await store.append('n', entries.map(writeEntry))
    registry.appended('n', from, entries)
  }
}

function entryOf(i: number): LogEntry {
  const timestamp = new Date(Date.UTC(2026, 0, 1) + i).toISOString()
  return { timestamp, level: 'info', message: `line ${i}`, phase: 'installing' }
}

const LAST = { phase: 'installing', message: `line ${MANY - 1}` }

test('the entries of a busy node are folded before its record is stored, each once', async () => {
  const { registry, seen, storing, send } = await beginRecord()
  expect(storing).not.toHaveBeenCalled()
  await send(MANY)
  await registry.flush()
  expect(await registry.get('n')).toMatchObject({ message: `line ${MANY + AT_ONCE - 1}` })
  expect(storing).toHaveBeenCalledTimes(1)
  expect(seen).toEqual(Array.from({ length: MANY + AT_ONCE }, (_, i) => i))
})

test('a record whose node was described anew meanwhile is folded again', async () => {
  const { database, registry, seen, storing } = await beginRecord()
  const about = JSON.stringify({ model: 'after' })
  await database.updateTable('nodes').set({ about }).where('node_id', '=', 'n').execute()
  await registry.flush()
  expect(await registry.get('n')).toMatchObject({ ...LAST, model: 'after' })
  // Read from the list, and what was folded before is told to nobody.
  expect(seen).toHaveLength(2 * MANY)
  for (const [, news] of storing.mock.calls as unknown[][]) {
    expect(news).toMatchObject({ about: { model: 'after' } })
  }
})

test('a node that is removed meanwhile stays removed', async () => {
  const { registry, storing } = await beginRecord()
  storing.mockClear()
  await registry.remove('n')
  await registry.flush()
  expect(await registry.get('n')).toBeUndefined()
  expect(storing).not.toHaveBeenCalled()
})
