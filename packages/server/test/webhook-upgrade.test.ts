import { Migrator } from 'kysely'
import { expect, test } from 'vitest'
import { migrations } from '../src/database/migrations.js'
import { sqliteDatabase } from '../src/database/sqlite.js'
import { writeEntry } from '../src/logs/entry-text.js'
import { sqliteLogStore } from '../src/logs/sqlite/store.js'
import { DAY, startNotifying } from './support/notifying.js'
import { temporaryFolder } from './support/processes.js'
import { startReceiver } from './support/receiver.js'

/** The last change of the tables before there were webhooks. */
const BEFORE = '014-stalled-at'

const FAILED = { phase: 'failed', level: 'error', message: 'exit code 1' } as const

/** A data folder as a version without webhooks left it: a node that has failed, and one that is launching. */
async function oldFolder(): Promise<string> {
  const folder = await temporaryFolder()
  const database = await sqliteDatabase(`${folder}/records.db`)
  const known = Object.entries(migrations).filter(([name]) => name <= BEFORE)
  const provider = { getMigrations: async () => Object.fromEntries(known) }
  const { error } = await new Migrator({ db: database, provider }).migrateTo(BEFORE)
  expect(error).toBeUndefined()
  const store = await sqliteLogStore({ file: `${folder}/logs.db`, retention: DAY })
  const timestamp = '2025-12-31T23:00:00.000Z'
  for (const status of ['failed', 'launching'] as const) {
    const phase = status === 'failed' ? ('failed' as const) : ('provisioning' as const)
    const record = {
      ...{ node_id: status, cluster_name: `cic-${status}`, status, phase, progress: 20 },
      ...{ about: '{"name":"old","provider":"aws","labels":{"team":"red"}}', provider: 'aws' },
      ...{ words: status, message: 'asking', created_at: timestamp, updated_at: timestamp },
      ...(status === 'failed' && { ended_at: timestamp }),
      folded: 1,
    } as const
    await database
      .insertInto('nodes')
      .values({ ...record, stalled: 0 } as never)
      .execute()
    const started = { node_id: status, position: 0, phase, started_at: timestamp, ended_at: null }
    await database.insertInto('phases').values(started).execute()
    const entry = { timestamp, level: 'info' as const, message: 'asking', phase }
    await store.append(status, [writeEntry(entry)])
  }
  await store.close()
  await database.destroy()
  return folder
}

test('a data folder from before webhooks is taken over, and only what happens from then on is told', async () => {
  const folder = await oldFolder()
  const receiver = await startReceiver()
  const { registry, create, say, round, pass, faults } = await startNotifying({ folder })
  const node = await registry.get('launching')
  expect(node).toMatchObject({ name: 'old', labels: { team: 'red' }, status: 'launching' })
  await create({ url: receiver.url, events: ['launch.failed', 'launch.active'] })
  await registry.catchUp()
  await round()
  expect(receiver.received).toHaveLength(0)
  await say('launching', FAILED)
  await pass(10_000)
  expect(await receiver.messages(1)).toMatchObject([
    { type: 'launch.failed', data: { seq: 1, launch: { node_id: 'launching', name: 'old' } } },
  ])
  expect(receiver.received).toHaveLength(1)
  expect(faults).toEqual([])
})
