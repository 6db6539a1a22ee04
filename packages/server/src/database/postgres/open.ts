import { type Migration, sql } from 'kysely'
import { StartError } from '../../errors.js'
import type { Changes } from '../changes.js'
import { type Database, migrate } from '../open.js'
import { type PostgresOptions, postgresDatabase } from './database.js'
import { createHosts } from './hosts.js'
import { listenToChanges } from './listen.js'
import { shownPostgresUrl } from './url.js'

export interface OpenOptions extends Omit<PostgresOptions, 'hosts'> {
  /** As in `DATABASE_URL`. */
  url: string
}

export interface OpenPostgres {
  readonly database: Database
  /** Listens to what other servers change, on a connection of its own. */
  listen(): Changes
}

/** The records in PostgreSQL, with up-to-date tables. Throws a StartError. */
export async function openPostgres({ url, ...more }: OpenOptions): Promise<OpenPostgres> {
  const options = { ...more, hosts: createHosts(url) }
  const { database, isOurs } = postgresDatabase(options)
  try {
    await sql`select 1`.execute(database)
    await migrateAlone(options)
    return { database, listen: () => listenToChanges({ ...options, isOurs }) }
  } catch (error) {
    await database.destroy()
    throw new StartError(
      `DATABASE_URL: ${shownPostgresUrl(url)} cannot be used: ${reasonOf(error)}`,
      { cause: error },
    )
  }
}

/** Of servers that start at once, one migrates, and the others wait. */
async function migrateAlone(options: PostgresOptions): Promise<void> {
  const { database: unhurried } = postgresDatabase({ ...options, timeout: 0, size: 3 })
  try {
    await unhurried.connection().execute(async (lock) => {
      // It is the connection's, so whatever ends this process ends the lock.
      await sql`select pg_advisory_lock(${sql.lit(MIGRATING)})`.execute(lock)
      await migrate(unhurried, await ofNewerVersions(lock))
      await sql`select pg_advisory_unlock(${sql.lit(MIGRATING)})`.execute(lock)
    })
  } finally {
    await unhurried.destroy()
  }
}

const MIGRATING = 4_713_208_852

/**
 * Migrations only add, so a server of an earlier version works beside one that has migrated further: after
 * an upgrade that is taken back, and while one is under way.
 */
async function ofNewerVersions(database: Database): Promise<Record<string, Migration>> {
  const { rows: tables } =
    await sql`select 1 where to_regclass('kysely_migration') is not null`.execute(database)
  if (tables.length === 0) return {}
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(database)
  return Object.fromEntries(rows.map(({ name }) => [name, { up: async () => {} }]))
}

function reasonOf(error: unknown): string {
  const { cause = error } = error as { cause?: unknown }
  // Where a host has several addresses, the error has one for each and no text of its own.
  const [first = cause] = (cause as { errors?: unknown[] }).errors ?? []
  return (first as Error).message
}
