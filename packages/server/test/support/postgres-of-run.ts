import { startPostgres } from './postgres.js'
import { endAll } from './processes.js'

/** Before the tests on PostgreSQL: one server for all of them, and afterwards its end. */
export default async function start(): Promise<() => Promise<void>> {
  const postgres = await startPostgres(['-c', 'max_connections=300'])
  process.env.LAUNCHTAIL_TEST_POSTGRES = postgres.url('postgres')
  return endAll
}
