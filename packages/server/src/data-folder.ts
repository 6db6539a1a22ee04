import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { StartError } from './errors.js'
import { openSqlite, type Sqlite } from './sqlite.js'

/** The folder with everything the server keeps on this machine, locked for this process. */
export interface DataFolder {
  readonly path: string
  /** The absolute path of a file in the folder. */
  file(name: string): string
  /** A random secret that is kept in a file. `made` is true if this call created it. */
  secret(name: string, bytes: number): Promise<{ value: string; made: boolean }>
  unlock(): void
}

/** Creates the folder if it is missing, and locks it. Throws a StartError. */
export async function openDataFolder(dir: string): Promise<DataFolder> {
  const path = resolve(dir)
  const file = (name: string) => join(path, name)
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new StartError(`data folder ${path} cannot be created: ${reasonOf(error)}`, {
      cause: error,
    })
  }
  const lock = await lockFolder(path, file)
  return {
    path,
    file,
    secret: (name, bytes) => secretIn(file(name), bytes),
    unlock: () => lock.close(),
  }
}

/**
 * Holds an exclusive transaction on a separate database. The operating system gives that to one
 * process and takes it back however the process ends, so no lock is ever left behind.
 */
async function lockFolder(path: string, file: (name: string) => string): Promise<Sqlite> {
  let lock: Sqlite | undefined
  try {
    lock = await openSqlite(file('lock.db'), { wal: false, timeout: 0 })
    lock.exec('begin exclusive')
    await writeFile(file('pid'), `${process.pid}\n`, { mode: 0o600 })
    return lock
  } catch (error) {
    lock?.close()
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) {
      const owner = await readFile(file('pid'), 'utf8').catch(() => 'unknown')
      throw new StartError(`data folder in use by process ${owner.trim()}`, { cause: error })
    }
    throw new StartError(`data folder ${path} cannot be written: ${reasonOf(error)}`, {
      cause: error,
    })
  }
}

const SQLITE_BUSY = 5

async function secretIn(file: string, bytes: number): Promise<{ value: string; made: boolean }> {
  const kept = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw new StartError(`${file} cannot be read: ${reasonOf(error)}`, { cause: error })
  })
  if (kept?.trim()) {
    await chmod(file, 0o600)
    return { value: kept.trim(), made: false }
  }
  const value = randomBytes(bytes).toString('base64url')
  // Renamed into place, so that a crash cannot leave half a secret behind.
  await writeFile(`${file}.new`, `${value}\n`, { mode: 0o600 })
  await rename(`${file}.new`, file)
  return { value, made: true }
}

function reasonOf(error: unknown): string {
  return (error as Error).message
}
