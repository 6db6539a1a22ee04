import { existsSync } from 'node:fs'
import { openDataFolder } from './data-folder.js'
import { StartError } from './errors.js'
import { createWordIndex } from './find/archive/index-words.js'
import { forgetWords, openArchive } from './find/archive/tables.js'
import { closeSqlite } from './sqlite.js'

/** Entries that are indexed in one transaction. */
const BATCH = 5000

/**
 * Builds the archive's index anew from its entries, and returns their number. Throws a StartError where
 * a server uses the data folder.
 */
export async function reindex(
  dataDir: string,
  onProgress: (done: number, all: number) => void,
): Promise<number> {
  const folder = await openDataFolder(dataDir)
  try {
    const file = folder.file('archive.db')
    if (!existsSync(file)) throw new StartError(`there is no archive in ${folder.path}`)
    const db = await openArchive(file)
    forgetWords(db)
    const index = createWordIndex(db)
    const all = index.behind()
    let count = 0
    while (index.behind() > 0) {
      count += index.takeIn(BATCH)
      onProgress(all - index.behind(), all)
    }
    closeSqlite(db)
    return count
  } finally {
    folder.unlock()
  }
}
