import { expect, test } from 'vitest'
import type { Database } from '../src/database/open.js'
import { addInstance, changedInstances } from '../src/nodes/spending/instances.js'
import { pruneInstances } from '../src/nodes/spending/prune-instances.js'
import { newRecords } from './support/records.js'

const HOUR = 3_600_000
const ago = (hours: number) => new Date(Date.now() - hours * HOUR).toISOString()

/** Machines of these launches, by how many hours ago each of them was gone; null for one that is there. */
async function machines(
  database: Database,
  launches: Record<string, readonly (number | null)[]>,
): Promise<void> {
  for (const [launch_id, downs] of Object.entries(launches)) {
    for (const [i, hours] of downs.entries()) {
      await addInstance(database, {
        ...{ launch_id, number: i + 1, node_id: 'n', launcher: 'x', cluster_name: 'c', price: 2 },
        ...{ created_at: ago(99), up_at: ago(98), reported: null, reported_at: null },
        down_at: hours === null ? null : ago(hours),
      })
    }
  }
}

async function left(database: Database): Promise<string[]> {
  const rows = await database.selectFrom('instances').selectAll().orderBy('change').execute()
  return rows.map(({ launch_id, number }) => `${launch_id} ${number}`)
}

const prune = (database: Database) => pruneInstances(database, new Date(ago(48)))

test('old machines are removed once their launch is in no history and of no node', async () => {
  const database = await newRecords()
  await machines(database, {
    ...{ 'in-history': [90], 'of-a-node': [90], gone: [90, 89], lately: [90, 3] },
    ...{ kept: [90, null] },
    // More than are removed at once.
    ...Object.fromEntries(Array.from({ length: 700 }, (_, i) => [`many-${i}`, [90]])),
    newest: [90],
  })
  const past = {
    ...{ node_id: 'n', started_at: ago(99), ended_at: ago(90), outcome: 'succeeded' },
    ...{ phases: '[]', change: 1, launch_id: 'in-history' },
  }
  await database
    .insertInto('launch_history')
    .values(past as never)
    .execute()
  const launch = {
    ...{ launch_id: 'of-a-node', node_id: 'n', launcher: 'x', source: 's', request: '{}' },
    ...{ state: 'ended', created_at: ago(99), owner_number: 0, leased_until: 0 },
  }
  await database
    .insertInto('launches')
    .values(launch as never)
    .execute()
  await prune(database)
  const stay = ['in-history 1', 'of-a-node 1', 'lately 1', 'lately 2', 'kept 1', 'kept 2']
  expect(await left(database)).toEqual([...stay, 'newest 1'])

  // Whoever has read all of them is told of the next.
  const newest = (await changedInstances(database, 0, 99)).at(-1)?.change ?? 0
  await machines(database, { next: [null] })
  expect(await changedInstances(database, newest, 99)).toMatchObject([{ launchId: 'next' }])
  await prune(database)
  expect(await left(database)).toEqual([...stay, 'next 1'])
})
