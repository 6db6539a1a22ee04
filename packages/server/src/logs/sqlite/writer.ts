import { createMutex } from '../../async/mutex.js'
import { type Sqlite, storageError } from '../../sqlite.js'

/** Appends' entries that share a transaction. */
export const SLICE = 1000
/** Characters written before other work gets its turn: about 10 ms. */
export const SLICE_LENGTH = 1024 * 1024

/** The one connection that writes. */
export interface Writer {
  /** Acts when everything before it has ended. All that writes goes through here. */
  exclusively<T>(act: () => Promise<T>): Promise<T>
  /**
   * Commits what was done, or undoes all of it, and throws the storage's faults in the words of the
   * seam. To be called exclusively.
   */
  transaction<T>(act: () => T | Promise<T>): Promise<T>
}

export function createWriter(db: Sqlite): Writer {
  const locked = createMutex()
  return { exclusively: (act) => locked('writer', act), transaction }

  async function transaction<T>(act: () => T | Promise<T>): Promise<T> {
    try {
      db.exec('begin immediate')
      const result = await act()
      db.exec('commit')
      return result
    } catch (error) {
      if (db.isTransaction) db.exec('rollback')
      throw storageError(error)
    }
  }
}
