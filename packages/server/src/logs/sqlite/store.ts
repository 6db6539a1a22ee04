import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StorageUnavailable } from '../../errors.js'
import { closeSqlite, openSqlite } from '../../sqlite.js'
import { soleOwner } from '../owners.js'
import type { LogStore } from '../store.js'
import { createWatchers } from '../watchers.js'
import { createAppendQueue } from './append-queue.js'
import { createAppendToList } from './append-to-list.js'
import { startExpiry } from './expiry.js'
import { createFreePages } from './free-pages.js'
import { createReads } from './reads.js'
import { createRemoval } from './removal.js'
import { prepareWrites } from './statements.js'
import { TABLES } from './tables.js'
import { createWriter } from './writer.js'

export interface SqliteLogStoreOptions {
  file: string
  /** Milliseconds a list is kept after its last append. */
  retention: number
  /** Makes some room on a full disk while it acts. */
  withRoom?: <T>(act: () => Promise<T>) => Promise<T>
  /** Called with what goes wrong between calls. */
  onFault?: (message: string, error?: unknown) => void
  /** Milliseconds since 1970 that never step: retention must not follow a clock that is set. */
  now?: () => number
}

/**
 * The embedded store: one SQLite file that only this process writes.
 *
 * Appends of one turn share a transaction, and a long one is written in slices, so the loop is
 * never held for long. Readers have a connection of their own, which sees only what is committed.
 */
export async function sqliteLogStore({
  file,
  retention,
  withRoom = (act) => act(),
  onFault = () => {},
  // Set once at the start of the process and counted on from there by the monotonic clock.
  now = () => performance.timeOrigin + performance.now(),
}: SqliteLogStoreOptions): Promise<LogStore> {
  const writing = await openSqlite(file, { shrinks: true })
  writing.exec(TABLES)
  const reading = await openSqlite(file)
  const writer = createWriter(writing)
  const write = prepareWrites(writing)
  const watchers = createWatchers(onFault)
  const removal = createRemoval(write)
  const queue = createAppendQueue({
    writer,
    append: createAppendToList({ write, removal, retention, now }),
    async hasRoomFor(bytes) {
      const { bavail, bsize } = await statfs(dirname(file))
      return bavail * bsize > bytes
    },
    onStored({ nodeId, texts }, index, previous) {
      const news = { index, previous, texts }
      watchers.tell(nodeId, (watcher) => watcher.appended(news))
    },
  })
  const expiry = startExpiry({
    writer,
    write,
    removal,
    freePages: createFreePages(writing),
    onExpired: (nodeId) => watchers.tell(nodeId, (watcher) => watcher.changed()),
    withRoom,
    now,
  })
  let closed = false

  return {
    ...createReads(reading, now),
    append: (nodeId, texts, how = {}) =>
      new Promise((resolve, reject) => {
        if (closed) reject(new StorageUnavailable('closed'))
        else queue.push({ nodeId, texts, how, resolve, reject })
      }),
    async remove(nodeId) {
      await writer.exclusively(() => writer.transaction(() => removal.remove(nodeId)))
      watchers.tell(nodeId, (watcher) => watcher.removed())
      expiry.purge()
    },
    // The lock of the data folder lets no other server use it.
    owners: soleOwner(),
    isRemote: false,
    watch(nodeId, watcher) {
      watchers.add(nodeId, watcher)
      return () => watchers.delete(nodeId, watcher)
    },
    async close() {
      if (closed) return
      closed = true
      expiry.stop()
      await writer.exclusively(async () => {})
      reading.close()
      closeSqlite(writing)
    },
  }
}
