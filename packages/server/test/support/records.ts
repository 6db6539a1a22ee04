import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { onTestFinished } from 'vitest'
import { type Database, migrate } from '../../src/database/open.js'
import { openPostgres } from '../../src/database/postgres/open.js'
import { sqliteDatabase } from '../../src/database/sqlite.js'
import { createOnShared } from './postgres.js'

/** By a server's data folder, so that one that is started again finds its records. */
const byFolder = new Map<string, Promise<string>>()

/** The address of the records of a server with this folder, where these tests are run on PostgreSQL. */
export async function databaseUrlFor(folder: string): Promise<string | undefined> {
  if (process.env.LAUNCHTAIL_TEST_STORE !== 'postgres') return undefined
  const url = byFolder.get(folder) ?? createOnShared()
  byFolder.set(folder, url)
  return url
}

/** The records of a server with this folder, with their tables. */
export async function openRecords(folder: string, given?: string): Promise<Database> {
  const url = given ?? (await databaseUrlFor(folder))
  if (url !== undefined) return onPostgres(url)
  const database = await sqliteDatabase(join(folder, 'records.db'))
  await migrate(database)
  return database
}

async function onPostgres(url: string): Promise<Database> {
  return (await openPostgres({ url, onFault: () => {} })).database
}

/** Records of their own for one test. */
export async function newRecords(): Promise<Database> {
  const database =
    process.env.LAUNCHTAIL_TEST_STORE === 'postgres'
      ? await onPostgres(await createOnShared())
      : await sqliteDatabase(':memory:')
  if (process.env.LAUNCHTAIL_TEST_STORE !== 'postgres') await migrate(database)
  onTestFinished(() => database.destroy())
  return database
}

/** All that is stored of a server's records, as somebody finds it who has stolen them. */
export async function storedRecords(folder: string): Promise<string> {
  if ((await databaseUrlFor(folder)) === undefined) {
    const files = ['records.db', 'records.db-wal'].map((name) =>
      readFile(join(folder, name), 'latin1'),
    )
    return (await Promise.all(files)).join('')
  }
  const database = await openRecords(folder)
  const tables = await database.introspection.getTables()
  const texts = tables.map(async ({ name }) => {
    const { rows } =
      await sql`select cast(one as text) as row from ${sql.table(name)} as one`.execute(database)
    return JSON.stringify(rows)
  })
  return Promise.all(texts)
    .then((all) => all.join(''))
    .finally(() => database.destroy())
}
