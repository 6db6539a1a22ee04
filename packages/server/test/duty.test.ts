import { expect, onTestFinished, test } from 'vitest'
import { takeDuty } from '../src/database/duty.js'
import type { Database } from '../src/database/open.js'
import { until } from './support/processes.js'
import { newRecords } from './support/records.js'

async function dutyOf(database: Database, owner: string, length: number) {
  const duty = await takeDuty({ database, name: 'monitors', owner, length, onFault() {} })
  onTestFinished(duty.stop)
  return duty
}

test('one of several servers has a duty, and another one gets it when that lets it go', async () => {
  const database = await newRecords()
  const duties = await Promise.all(['a', 'b', 'c'].map((owner) => dutyOf(database, owner, 900)))
  const holders = () => duties.filter((duty) => duty.isOurs())
  expect(holders()).toHaveLength(1)
  const [first] = holders()
  await first?.stop()
  expect(first?.isOurs()).toBe(false)
  await until('another one to have it', () => holders().length === 1)
})

test('a server that does not renew its duty has given it up before another one gets it', async () => {
  const database = await newRecords()
  const suspended = await dutyOf(database, 'a', 60_000)
  expect(suspended.isOurs()).toBe(true)
  // As if it had been suspended for a minute.
  await database.updateTable('duties').set({ leased_until: 0 }).execute()
  const second = await dutyOf(database, 'b', 600)
  expect(second.isOurs()).toBe(true)
  const again = await dutyOf(database, 'a', 60_000)
  expect(again.isOurs()).toBe(false)
  const end = async () => {
    const row = await database.selectFrom('duties').selectAll().executeTakeFirstOrThrow()
    return row.leased_until
  }
  const first = await end()
  await until('it to be renewed beyond its first lease', async () => (await end()) > first + 600)
  expect(second.isOurs()).toBe(true)
  expect(again.isOurs()).toBe(false)
})
