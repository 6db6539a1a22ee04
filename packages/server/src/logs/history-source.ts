import type { LogStore } from './store.js'

/** Where the entries of a history come from, and which of them are wanted. */
export interface Source<Match> {
  store: Pick<LogStore, 'length' | 'read' | 'readBefore'>
  nodeId: string
  /** Says what is found at each of the texts from an index on; undefined to pass over it. */
  find: (texts: readonly string[], from: number) => Promise<readonly (Match | undefined)[]>
}
