import { existsSync } from 'node:fs'
import { openDataFolder } from './data-folder.js'
import { StartError } from './errors.js'
import type { ArchiveDb } from './find/archive/archive-db.js'
import { createWordIndex, forgetWords } from './find/archive/index-words.js'

/** Entries that are indexed in one transaction. */
const BATCH = 1000

export interface ReindexOptions {
  dataDir: string
  /** As in `DATABASE_URL`, where the archive is in PostgreSQL. Servers go on meanwhile. */
  databaseUrl: string | undefined
  onProgress: (done: number, all: number) => void
}

/**
 * Builds the archive's index anew from its entries, and returns their number. Throws a StartError where
 * a server uses the data folder.
 */
export async function reindex({
  dataDir,
  databaseUrl: url,
  onProgress,
}: ReindexOptions): Promise<number> {
  if (url) {
    const { postgresArchive } = await import('./find/archive/postgres/archive.js')
    return rebuild(await postgresArchive({ url, onFault: () => {} }), onProgress)
  }
  const folder = await openDataFolder(dataDir)
  try {
    const file = folder.file('archive.db')
    if (!existsSync(file)) throw new StartError(`there is no archive in ${folder.path}`)
    const { sqliteArchive } = await import('./find/archive/sqlite/archive.js')
    return await rebuild(await sqliteArchive(file), onProgress)
  } finally {
    folder.unlock()
  }
}

async function rebuild(
  archive: ArchiveDb,
  onProgress: ReindexOptions['onProgress'],
): Promise<number> {
  try {
    await forgetWords(archive)
    const index = createWordIndex(archive)
    const all = await index.behind()
    for (let left = all; left > 0; left = await index.behind()) {
      await index.takeIn(BATCH)
      onProgress(Math.max(0, all - left), all)
    }
    const words = await archive.one<{ count: number }>('select count(*) as count from {words}')
    return words?.count ?? 0
  } finally {
    await archive.close()
  }
}
