import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { StartError } from './errors.js'
import { openSqlite, type Sqlite } from './sqlite.js'

/** The folder that holds all a server keeps on its machine, locked for this process. */
export interface DataFolder {
  readonly path: string
  /** The absolute path of something in it. */
  file(name: string): string
  /** A secret of its own, made when it is first asked for: `made` tells whether that was now. */
  secret(name: string, bytes: number): Promise<{ value: string; made: boolean }>
  unlock(): void
}

/** Makes the folder where it is missing, and locks it. Throws StartError. */
export async function openDataFolder(dir: string): Promise<DataFolder> {
  const path = resolve(dir)
  const file = (name: string) => join(path, name)
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new StartError(`data folder ${path} cannot be made: ${reasonOf(error)}`, { cause: error })
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
 * Holds an exclusive transaction on a database of its own: the operating system gives that to one
 * process and takes it back at any end of it, so a lock is never left over.
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
  // Whole or not at all: a crash in between must not leave half a secret behind.
  await writeFile(`${file}.new`, `${value}\n`, { mode: 0o600 })
  await rename(`${file}.new`, file)
  return { value, made: true }
}

function reasonOf(error: unknown): string {
  return (error as Error).message
}
