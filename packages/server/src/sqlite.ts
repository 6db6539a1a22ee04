import type { DatabaseSyncInstance } from '@photostructure/sqlite'

import { StartError, StorageFull, StorageUnavailable } from './errors.js'

export type Sqlite = DatabaseSyncInstance

export interface SqliteOptions {
  /** Lets readers read while a writer writes. */
  wal?: boolean
  /** Milliseconds to wait for another process that writes. */
  timeout?: number
  /** A new file can give free pages back to the disk. To change an old one would be to copy it. */
  shrinks?: boolean
}

/**
 * Opens (or creates) an SQLite file in write-ahead mode. What is committed survives any end of the
 * process; only a crash of the machine may cost the last commits (`synchronous=NORMAL`).
 */
export async function openSqlite(
  file: string,
  { wal = true, timeout = 1000, shrinks = false }: SqliteOptions = {},
): Promise<Sqlite> {
  const { DatabaseSync } = await driver()
  const database = new DatabaseSync(file, { timeout })
  try {
    // It has an effect before anything is written. Later, it is a write that a full disk refuses.
    if (shrinks && isNew(database)) database.exec('pragma auto_vacuum = incremental')
    if (wal) database.exec('pragma journal_mode = wal')
  } catch (error) {
    if ((error as { errcode?: number }).errcode !== NOT_A_DATABASE) throw error
    throw new StartError(`${file} is not a database: move it away to begin with an empty one`, {
      cause: error,
    })
  }
  database.exec(`
    pragma synchronous = normal;
    pragma foreign_keys = on;
    pragma temp_store = memory;
    pragma journal_size_limit = ${JOURNAL};
  `)
  return database
}

function isNew(database: Sqlite): boolean {
  const { page_count } = database.prepare('pragma page_count').get() as { page_count: number }
  return page_count === 0
}

/** As long as the write-ahead log usually becomes. A large append leaves one that is much longer. */
const JOURNAL = 4 * 1024 * 1024

/**
 * Moves what is in the write-ahead log into the file, and closes it. SQLite itself would do so only
 * if no statement were left, and the drivers finalize statements when they are collected.
 */
export function closeSqlite(database: Sqlite): void {
  try {
    database.exec('pragma wal_checkpoint(truncate)')
  } catch (error) {
    // A full disk, say. Nothing is lost: the next start reads the write-ahead log.
    if (!sqliteFault(error)) throw error
  } finally {
    database.close()
  }
}

/** Node's own SQLite where the runtime has it (22.13 on), else a package with the same API. */
async function driver(): Promise<Pick<typeof import('@photostructure/sqlite'), 'DatabaseSync'>> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const builtIn = major > 22 || (major === 22 && minor >= 13)
  if (!builtIn) return import('@photostructure/sqlite')
  const name = 'node:sqlite'
  return await import(name)
}

/** SQLite's primary result codes that we tell apart: https://sqlite.org/rescode.html */
const FULL = 13
const BUSY = 5
const READONLY = 8
const NOT_A_DATABASE = 26

/** The error that the callers know for an error of the driver. */
export function storageError(error: unknown): unknown {
  const fault = sqliteFault(error)
  if (fault === 'full') return new StorageFull(error)
  if (fault === 'unavailable') return new StorageUnavailable(error)
  return error
}

/** What stands behind an error of the driver, where it is one of the storage's and not our fault. */
function sqliteFault(error: unknown): 'full' | 'unavailable' | undefined {
  const code = (error as { errcode?: unknown } | undefined)?.errcode
  if (typeof code !== 'number') return undefined
  const primary = code & 0xff
  // A folder that was made read-only later is, to the sender, storage that takes nothing more.
  if (primary === FULL || primary === READONLY) return 'full'
  if (primary === BUSY || (primary >= 6 && primary <= 16)) return 'unavailable'
  return undefined
}
