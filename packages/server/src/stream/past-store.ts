import type { LogStore } from '../logs/store.js'

/** What the feeds need of a store. */
export type WatchedStore = Pick<LogStore, 'length' | 'read' | 'readBefore' | 'watch' | 'isRemote'>

/** Lists to which nothing is added any more, such as those of logs that have expired. */
export function pastStore(lists: Pick<LogStore, 'length' | 'read' | 'readBefore'>): WatchedStore {
  return { ...lists, watch: () => () => {}, isRemote: true }
}
