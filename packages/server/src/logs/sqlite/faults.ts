import { StorageFull, StorageUnavailable } from '../../errors.js'
import { sqliteFault } from '../../sqlite.js'

/** Reads, and throws the storage's faults in the words of the seam. */
export async function attempt<T>(act: () => T): Promise<T> {
  try {
    return act()
  } catch (error) {
    throw translate(error)
  }
}

/** The error of the seam that stands for an error of the driver. */
export function translate(error: unknown): unknown {
  const fault = sqliteFault(error)
  if (fault === 'full') return new StorageFull(error)
  if (fault === 'unavailable') return new StorageUnavailable(error)
  return error
}
