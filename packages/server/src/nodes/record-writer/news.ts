import type { LogEntry } from '@launchtail/client/protocol'
import type { ReadText } from '../../logs/entry-text.js'
import { createLookBack, readInContext } from '../../logs/in-context.js'
import type { LogStore } from '../../logs/store.js'

/**
 * A stretch of a node's list: `length` elements from `index` on. Other programs write to the lists
 * too: an element that is no entry is undefined.
 */
export interface News {
  readonly index: number
  readonly length: number
  readonly entries: readonly (LogEntry | undefined)[]
}

export interface Listed {
  nodeId: string
  store: Pick<LogStore, 'readBefore'>
  readText: ReadText
  /** When the node's record was created, or is about to be. */
  createdAt: string
}

/** The texts from an index on as entries. */
export async function readable(
  texts: readonly string[],
  from: number,
  { nodeId, store, readText, createdAt }: Listed,
): Promise<News['entries']> {
  const lookBack = createLookBack({ store, readText, nodeId, createdAt: async () => createdAt })
  return readInContext(texts, from, { readText, nodeId, lookBack })
}
