import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { migrate } from '../src/database/open.js'
import { sqliteDatabase } from '../src/database/sqlite.js'
import { nodePageQuery } from '../src/nodes/node-pages.js'
import { temporaryFolder } from './support/processes.js'

test.each([
  [{}, 'nodes_newest'],
  [{ phase: 'failed' }, 'nodes_by_phase'],
  [{ provider: 'skypilot' }, 'nodes_by_provider'],
] as const)('a page of nodes is read from an index, in its order: %o', async (filter, index) => {
  const database = await sqliteDatabase(`${await temporaryFolder()}/launchtail.db`)
  onTestFinished(() => database.destroy())
  await migrate(database)
  const plan = await nodePageQuery(database, { limit: 100, ...filter }).explain<{
    detail: string
  }>(undefined, sql`query plan`)
  const steps = plan.map(({ detail }) => detail).join('; ')
  expect(steps).toContain(`USING INDEX ${index}`)
  expect(steps).not.toContain('TEMP B-TREE')
})
