import { onTestFinished } from 'vitest'
import { openArchive } from '../../src/find/archive/tables.js'
import { openSqlite } from '../../src/sqlite.js'
import { temporaryFolder } from './processes.js'

/** An archive's file, and a second connection that reads it; both are closed after the test. */
export async function openArchiveFile() {
  const file = `${await temporaryFolder()}/archive.db`
  const db = await openArchive(file)
  const reading = await openSqlite(file)
  onTestFinished(() => {
    reading.close()
    db.close()
  })
  return { db, reading }
}
