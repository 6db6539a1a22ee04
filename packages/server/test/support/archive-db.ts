import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openPostgres } from '../../src/database/postgres/open.js'
import type { ArchiveDb } from '../../src/find/archive/archive-db.js'
import type { ArchivePlace } from '../../src/find/archive/calls.js'
import { postgresArchive } from '../../src/find/archive/postgres/archive.js'
import { sqliteArchive } from '../../src/find/archive/sqlite/archive.js'
import { createOnShared } from './postgres.js'
import { temporaryFolder } from './processes.js'

/** A place for an archive: in PostgreSQL where these tests are run on it, and else a file of this folder. */
export async function newArchivePlace(folder?: string): Promise<ArchivePlace> {
  if (process.env.LAUNCHTAIL_TEST_STORE !== 'postgres') {
    return { file: join(folder ?? (await temporaryFolder()), 'archive.db') }
  }
  const url = await createOnShared()
  const { database } = await openPostgres({ url, onFault: () => {} })
  await database.destroy()
  return { url }
}

/** An archive, which is closed after the test. */
export async function openArchiveDb(given?: ArchivePlace): Promise<ArchiveDb> {
  const place = given ?? (await newArchivePlace())
  const db =
    'file' in place
      ? await sqliteArchive(place.file)
      : await postgresArchive({ ...place, onFault: () => {} })
  onTestFinished(() => db.close())
  return db
}
