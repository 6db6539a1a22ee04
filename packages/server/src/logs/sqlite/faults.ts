import { storageError } from '../../sqlite.js'

/** Reads, and throws the storage's faults in the words of the seam. */
export async function attempt<T>(act: () => T): Promise<T> {
  try {
    return act()
  } catch (error) {
    throw storageError(error)
  }
}
