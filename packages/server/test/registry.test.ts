import type { LogEntry, Phase } from '@launchtail/client/protocol'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Database } from '../src/database/open.js'
import { TERMINATED, writeEntry } from '../src/logs/entry-text.js'
import { sqliteLogStore } from '../src/logs/sqlite/store.js'
import { createRegistry } from '../src/nodes/registry.js'
import { temporaryFolder } from './support/processes.js'
import { newRecords } from './support/records.js'

/** Records, and lists that somebody else writes. */
async function open() {
  const database = await newRecords()
  const folder = await temporaryFolder()
  const store = await sqliteLogStore({ file: `${folder}/logs.db`, retention: 60_000 })
  onTestFinished(() => store.close())
  const calls = { queries: 0, transactions: 0 }
  const faults: unknown[] = []
  const registry = createRegistry({
    database: counted(database, calls),
    store,
    onFault: (_, error) => void faults.push(error),
  })
  return { store, registry, push, calls, faults }

  async function push(nodeId: string, ...phases: Phase[]): Promise<void> {
    await store.append(nodeId, entriesOf(phases).map(writeEntry))
  }
}

function entriesOf(phases: readonly Phase[]): LogEntry[] {
  return phases.map((phase, i) => {
    return { timestamp: `2026-01-01T00:00:0${i}Z`, level: 'info', message: phase, phase }
  })
}

function counted(database: Database, calls: { queries: number; transactions: number }): Database {
  return new Proxy(database, {
    get(target, name) {
      if (name === 'transaction') calls.transactions += 1
      if (name === 'selectFrom') calls.queries += 1
      const value = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

test('a node that is over and is launched anew by another program is found soon', {
  timeout: 240_000,
}, async () => {
  const { registry, push, faults } = await open()
  const nodes = Array.from({ length: 700 }, (_, i) => `node-${i}`)
  for (const nodeId of nodes) {
    await push(nodeId, 'queued', Number(nodeId.slice(5)) % 2 === 0 ? 'active' : 'failed')
    await registry.find(nodeId)
  }
  await Promise.all(nodes.map((nodeId) => push(nodeId, 'queued', 'provisioning')))
  const found = async () => (await registry.launching()).length
  await registry.catchUp()
  // Not all at once: there may be very many.
  expect(await found()).toBeGreaterThan(0)
  expect(await found()).toBeLessThan(700)
  await registry.catchUp()
  expect(faults).toEqual([])
  expect(await found()).toBe(700)
  expect(await registry.get('node-7')).toMatchObject({ status: 'launching', phase: 'provisioning' })
  await push('node-7', 'failed')
  await registry.catchUp()
  expect(await registry.get('node-7')).toMatchObject({ status: 'failed' })
})

test('a record has all its fields, also where nothing is known', async () => {
  const { registry, push } = await open()
  await push('listed', 'queued')
  await registry.create({ nodeId: 'created', about: {} })
  const unknown = { cluster_name: '', provider: '', region: '', gpu: '', model: '' }
  for (const nodeId of ['listed', 'created']) {
    const record = await registry.find(nodeId)
    expect(record).toMatchObject({ ...unknown, gpu_count: 0, use_spot: false })
    expect(record?.eta_seconds).toBeUndefined()
  }
  const about = { provider: 'aws', region: 'x', gpu: 'H100', model: 'm' }
  await registry.create({ nodeId: 'known', about })
  expect(await registry.find('known')).toMatchObject({ ...about, gpu_count: 1, use_spot: false })
})

test('a list that has become another is taken in from its beginning', async () => {
  const { store, registry, push } = await open()
  await push('n', 'queued', 'provisioning', 'instance_ready', 'installing', 'model_loading')
  await registry.find('n')
  await store.remove('n')
  await push('n', 'queued', 'provisioning')
  await registry.catchUp()
  const record = await registry.get('n')
  expect(record).toMatchObject({ status: 'launching', phase: 'provisioning' })
  expect(record?.phases.map(({ phase }) => phase)).toEqual(['queued', 'provisioning'])
  await push('n', 'instance_ready')
  await registry.catchUp()
  expect((await registry.get('n'))?.phases).toHaveLength(3)
})

test('a list that has expired leaves the record as it was', async () => {
  const { store, registry, push } = await open()
  await push('n', 'queued', 'active')
  const before = await registry.find('n')
  await store.remove('n')
  await registry.catchUp()
  expect(await registry.get('n')).toEqual(before)
})

test('the records of a fleet that moves at once are written together, each once', async () => {
  const { store, registry, calls } = await open()
  const nodes = Array.from({ length: 320 }, (_, i) => `node-${i}`)
  for (const phase of ['queued', 'provisioning', 'installing'] as const) {
    for (const nodeId of nodes) {
      const [entry] = entriesOf([phase]) as [LogEntry]
      const appended = await store.append(nodeId, [writeEntry(entry)])
      if (appended.outcome === 'stored') registry.appended(nodeId, appended.index, [entry])
    }
  }
  await registry.flush()
  // What was appended while others were being written may have come to a second one.
  expect(calls.transactions).toBeLessThanOrEqual(30)
  const records = await registry.records(nodes)
  expect(records).toHaveLength(320)
  for (const { phase, phases } of records) {
    expect(phase).toBe('installing')
    expect(phases.map((timing) => timing.phase)).toEqual(['queued', 'provisioning', 'installing'])
  }
})

test('a list that cannot be read keeps no other record from being written', async () => {
  const { store, registry } = await open()
  const broken = vi.spyOn(store, 'read').mockRejectedValue(new Error('broken'))
  const [entry] = entriesOf(['installing']) as [LogEntry]
  // Its first entries are not known, and must be read.
  registry.appended('broken', 3, [entry])
  registry.appended('whole', 0, [entry])
  await registry.flush()
  broken.mockRestore()
  expect(await registry.records(['broken', 'whole'])).toMatchObject([{ node_id: 'whole' }])
})

test('records that are asked for at once are read together', async () => {
  const { registry, push, calls } = await open()
  const nodes = ['a', 'b', 'c']
  for (const nodeId of nodes) await push(nodeId, 'queued')
  await Promise.all(nodes.map((nodeId) => registry.find(nodeId)))
  calls.queries = 0
  const thousand = Array.from({ length: 1000 }, (_, i) => nodes[i % 3] as string)
  const found = await Promise.all(thousand.map((nodeId) => registry.find(nodeId)))
  expect(found.map((record) => record?.node_id)).toEqual(thousand)
  // The rows, and their phases.
  expect(calls.queries).toBeLessThanOrEqual(4)
})

test('a list that somebody writes to without rest is taken in as far as it was, and the record told', async () => {
  const { store, registry, push } = await open()
  await push('n', 'queued')
  await registry.find('n')
  await push('n', 'provisioning')
  const { read } = store
  const reads = vi.spyOn(store, 'read').mockImplementation(async (...args) => {
    if (reads.mock.calls.length < 100) await push('n', 'installing')
    return read(...args)
  })
  await registry.catchUp()
  expect(reads.mock.calls.length).toBe(1)
  expect(await registry.get('n')).toMatchObject({ phase: 'installing' })
})

test('what waits to be written is not read from its list as well', async () => {
  const { store, registry, push } = await open()
  for (const nodeId of ['a', 'b']) {
    await push(nodeId, 'queued')
    await registry.find(nodeId)
  }
  await push('b', 'provisioning')
  const reads = vi.spyOn(store, 'read')
  const { length } = store
  vi.spyOn(store, 'length').mockImplementation((nodeId) => {
    // It comes while the records are gone through.
    if (nodeId === 'a') registry.appended('b', 1, entriesOf(['provisioning']))
    return length(nodeId)
  })
  await registry.catchUp()
  expect(reads).not.toHaveBeenCalled()
  expect(await registry.get('b')).toMatchObject({ phase: 'provisioning' })
})

test('a node that was active ends once more when it is terminated, and not with each line', async () => {
  const { store, registry } = await open()
  const [active, later] = entriesOf(['active', 'active'])
  const [, , terminated] = entriesOf(['queued', 'queued', 'failed'])
  await store.append(
    'n',
    [active, later].map((entry) => writeEntry(entry as LogEntry)),
  )
  expect(await registry.find('n', 2)).toMatchObject({ ended_at: active?.timestamp })
  await store.append('n', [writeEntry({ ...(terminated as LogEntry), message: TERMINATED })])
  const ended = { status: 'terminated', ended_at: terminated?.timestamp }
  expect(await registry.find('n', 3)).toMatchObject(ended)
})

test('launches are numbered as they begin, and keep their numbers', async () => {
  const { registry, push } = await open()
  const { numbers } = registry
  await registry.create({ nodeId: 'a', about: {} })
  await push('b', 'queued', 'active', 'active', 'failed')
  await registry.find('b')
  expect(await numbers.after(0, 10)).toEqual([
    { number: 1, nodeId: 'a', deleted: false },
    { number: 2, nodeId: 'b', deleted: false },
  ])
  expect(await numbers.open(undefined, 10)).toEqual([{ number: 1, nodeId: 'a' }])
  // Two launches that are found at once, and one that goes on.
  await push('b', 'queued', 'failed', 'queued', 'active')
  await registry.find('b', 8)
  await push('a', 'installing')
  await registry.find('a', 1)
  expect((await numbers.after(2, 10)).map(({ nodeId }) => nodeId)).toEqual(['b', 'b'])
  expect(await numbers.ofNodes(['a', 'b', 'c'])).toEqual([
    { number: 1, nodeId: 'a' },
    { number: 4, nodeId: 'b' },
  ])
  expect(await numbers.open('installing', 10)).toEqual([{ number: 1, nodeId: 'a' }])
  expect(await numbers.open('queued', 10)).toEqual([])
  await registry.remove('b')
  await registry.create({ nodeId: 'b', about: {} })
  expect(await numbers.named([2, 5, 6])).toEqual([
    { number: 2, nodeId: 'b', deleted: true },
    { number: 5, nodeId: 'b', deleted: false },
  ])
  expect(await numbers.newest()).toBe(5)
  expect((await numbers.after(3, 10)).map(({ deleted }) => deleted)).toEqual([true, false])
})

test('a request may hold thousands of launches', async () => {
  const { registry, store } = await open()
  const entries = Array.from({ length: 10_000 }, (_, i) => ({
    timestamp: new Date(Date.UTC(2026, 0, 1) + i * 1000).toISOString(),
    ...{ level: 'info' as const, message: 'a line' },
    phase: i % 2 === 0 ? ('queued' as const) : ('failed' as const),
  }))
  await registry.create({ nodeId: 'n', about: { provider: 'aws' } })
  await store.append('n', entries.map(writeEntry))
  const record = await registry.find('n', entries.length)
  expect(record).toMatchObject({ status: 'failed' })
  expect(await registry.launches.place('n', 5000)).toMatchObject({ isPast: false, from: 9998 })
})
