import type { LogEntry, NodeRecord } from '@launchtail/client/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { TERMINATED, writeEntry } from '../src/logs/entry-text.js'
import { sqliteLogStore } from '../src/logs/sqlite/store.js'
import type { LaunchEvent } from '../src/nodes/launch-events/launch-event.js'
import {
  afterLaunchEvents,
  type LaunchNews,
  type LaunchReader,
} from '../src/nodes/launch-events/launch-reader.js'
import { createRegistry } from '../src/nodes/registry.js'
import { readStallNotice, stallNotice } from '../src/nodes/stall.js'
import { temporaryFolder } from './support/processes.js'
import { newRecords } from './support/records.js'

type Line = Partial<LogEntry> & { at: number }

/** Lists that other programs write, and a reader that notes what it is told. */
async function open() {
  const database = await newRecords()
  const folder = await temporaryFolder()
  const store = await sqliteLogStore({ file: `${folder}/logs.db`, retention: 60_000 })
  onTestFinished(() => store.close())
  const told: LaunchEvent[] = []
  const afterwards: LaunchEvent[] = []
  const records: NodeRecord[] = []
  const entries: string[] = []
  const reader: LaunchReader = () => ({
    entry: ({ message }, index, { phase }) => entries.push(`${index} ${phase} ${message}`),
    async prepare() {},
    async store(_transaction, { events, record }) {
      told.push(...events)
      records.push(record())
    },
    stored: ({ events }: LaunchNews) => afterwards.push(...events),
  })
  const registry = createRegistry({ database, store, readers: [reader] })
  return { told, afterwards, records, entries, registry, store, push, database }

  async function push(...lines: Line[]): Promise<void> {
    await store.append('n', lines.map(entryOf).map(writeEntry))
    await registry.find('n', await store.length('n'))
  }
}

function entryOf({ at, ...line }: Line): LogEntry {
  const timestamp = time(at)
  return { level: 'info', message: `at ${at}`, phase: 'queued', ...line, timestamp }
}

function time(at: number): string {
  return new Date(Date.UTC(2026, 0, 1) + at * 1000).toISOString().replace('.000', '')
}

test('every step of a launch is told once, in order, with the record that includes it', async () => {
  const { told, afterwards, records, entries, push } = await open()
  await push({ at: 0 }, { at: 3, phase: 'provisioning' }, { at: 4, phase: 'provisioning' })
  await push({ at: 10, phase: 'active', message: 'Ready at http://10.0.0.1:8000' })
  const place = { started_at: time(0) }
  expect(told).toMatchObject([
    { ...place, kind: 'started', index: 0, at: time(0) },
    { ...place, kind: 'phase', index: 1, from: 'queued', to: 'provisioning', took_ms: 3000 },
    { ...place, kind: 'phase', index: 3, from: 'provisioning', to: 'active', took_ms: 7000 },
    {
      ...{ ...place, kind: 'ended', index: 3, at: time(10), again: false },
      endpoint: 'http://10.0.0.1:8000',
      ended: { outcome: 'succeeded', phases: [{ phase: 'queued' }, { phase: 'provisioning' }] },
    },
  ])
  expect(afterwards).toEqual(told)
  expect(records.map(({ phase, status }) => `${phase} ${status}`)).toEqual([
    'provisioning launching',
    'active active',
  ])
  expect(entries).toEqual([
    '0 queued at 0',
    '1 provisioning at 3',
    '2 provisioning at 4',
    '3 active Ready at http://10.0.0.1:8000',
  ])
})

test('a failure is told with its cause, and what becomes of the node afterwards is told again', async () => {
  const { told, push } = await open()
  await push({ at: 0 }, { at: 1, phase: 'failed', level: 'error', message: 'exit code 1' })
  await push({ at: 2, phase: 'failed', message: TERMINATED })
  await push({ at: 5 }, { at: 6, phase: 'active' })
  await push({ at: 9, phase: 'failed', level: 'error', message: 'exit code 1' })
  const ends = told.flatMap((event) => (event.kind === 'ended' ? [event] : []))
  expect(ends.map(({ again, ended, started_at }) => [again, ended.outcome, started_at])).toEqual([
    [false, 'failed', time(0)],
    [true, 'terminated', time(0)],
    [false, 'succeeded', time(5)],
    [true, 'failed', time(5)],
  ])
  expect(ends[0]?.ended.failure).toMatchObject({ phase: 'queued', message: 'exit code 1' })
  expect(told.filter(({ kind }) => kind === 'started')).toHaveLength(2)
})

test('a launch that stalls is told once, and again when it goes on, also after a restart', async () => {
  const { told, push } = await open()
  const message = stallNotice('provisioning', 90_000, { silence: 60_000, usual: 30_000 })
  await push({ at: 0 }, { at: 1, phase: 'provisioning' })
  await push({ at: 91, phase: 'provisioning', level: 'warn', message })
  // The record is read from the database in between.
  await push({ at: 101, phase: 'provisioning', message: 'here it is' })
  expect(told.filter(({ kind }) => kind === 'stalled' || kind === 'recovered')).toMatchObject([
    { kind: 'stalled', phase: 'provisioning', silent_for_ms: 90_000, usual_ms: 30_000, index: 2 },
    { kind: 'recovered', phase: 'provisioning', stalled_for_ms: 100_000, index: 3 },
  ])
})

test('the loss of a spot instance is told in place of the failure that says so', async () => {
  const { told, push } = await open()
  await push({ at: 0 }, { at: 10, phase: 'active' })
  const details = 'cause: preempted'
  await push({ at: 40, phase: 'failed', level: 'error', message: 'the spot is gone', details })
  expect(told.filter(({ at }) => at === time(40)).map(({ kind }) => kind)).toEqual([
    'preempted',
    'phase',
  ])
  const after_ms = 30_000
  expect(told).toContainEqual({
    ...{ kind: 'preempted', index: 2, at: time(40), started_at: time(0), after_ms },
  })
})

test('where a reader fails, nothing is stored, and all of it is told later', async () => {
  const { store, database } = await open()
  let fails = true
  const told: string[] = []
  const reader: LaunchReader = () => ({
    entry() {},
    async prepare() {},
    async store(_transaction, { events }) {
      if (fails) throw new Error('the outbox is full')
      told.push(...events.map(({ kind }) => kind))
    },
    stored() {},
  })
  const counted: string[] = []
  const counter = afterLaunchEvents(({ events }) => {
    counted.push(...events.map(({ kind }) => kind))
  })
  const faults: unknown[] = []
  const onFault = (_message: string, error: unknown) => faults.push(error)
  const registry = createRegistry({ database, store, readers: [counter, reader], onFault })
  await store.append('n', [entryOf({ at: 0 }), entryOf({ at: 1, phase: 'active' })].map(writeEntry))
  await expect(registry.find('n')).rejects.toThrow('the outbox is full')
  expect(await database.selectFrom('nodes').selectAll().execute()).toEqual([])
  fails = false
  await registry.find('n')
  expect(told).toEqual(['started', 'phase', 'ended'])
  expect(counted).toEqual(told)
})

test('a launch that goes to and fro between phases loses no end', async () => {
  const { told, push } = await open()
  const lines = Array.from({ length: 2000 }, (_, i): Line => {
    return { at: i, phase: i % 2 === 0 ? 'queued' : 'provisioning' }
  })
  await push(...lines, { at: 3000, phase: 'active' })
  // 500 entries are read at once.
  expect(told.length).toBeLessThanOrEqual(4 * 501)
  expect(told.at(-1)).toMatchObject({ kind: 'ended', at: time(3000) })
  expect(told[0]).toMatchObject({ kind: 'started' })
})

test('a notice is read as it was written', () => {
  const limits = [{ silence: 60_000 }, { silence: 1, usual: 5_400_000 }]
  const read = limits.map((limit) => readStallNotice(stallNotice('installing', 605_000, limit)))
  expect(read).toEqual([
    { silent_for_ms: 605_000 },
    { silent_for_ms: 605_000, usual_ms: 5_400_000 },
  ])
  expect(readStallNotice('No output for a while')).toBeUndefined()
})
