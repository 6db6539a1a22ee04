import type { Phase } from '@launchtail/client/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { migrate } from '../src/database/open.js'
import { sqliteDatabase } from '../src/database/sqlite.js'
import { writeEntry } from '../src/logs/entry-text.js'
import { sqliteLogStore } from '../src/logs/sqlite.js'
import { createRegistry } from '../src/nodes/registry.js'
import { temporaryFolder } from './support/processes.js'

/** Records, and lists that somebody else writes. */
async function open() {
  const database = await sqliteDatabase(':memory:')
  await migrate(database)
  const folder = await temporaryFolder()
  const store = await sqliteLogStore({ file: `${folder}/logs.db`, retention: 60_000 })
  onTestFinished(async () => {
    await store.close()
    await database.destroy()
  })
  const registry = createRegistry({ database, store })
  return { store, registry, push }

  async function push(nodeId: string, ...phases: Phase[]): Promise<void> {
    const texts = phases.map((phase, i) =>
      writeEntry({ timestamp: `2026-01-01T00:00:0${i}Z`, level: 'info', message: phase, phase }),
    )
    await store.append(nodeId, texts)
  }
}

test('a node that is over and is launched anew by another program is found soon', async () => {
  const { registry, push } = await open()
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
  expect(await found()).toBe(700)
  expect(await registry.get('node-7')).toMatchObject({ status: 'launching', phase: 'provisioning' })
  await push('node-7', 'failed')
  await registry.catchUp()
  expect(await registry.get('node-7')).toMatchObject({ status: 'failed' })
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
