import type { LogStore } from './store.js'

/** What this process has appended lately. */
export interface RecentTexts {
  /** True if this process has appended the text to the node's list, and not long ago. */
  has(nodeId: string, text: string): boolean
}

/** Characters of texts that are remembered, and once more as many that are about to be forgotten. */
const MOST = 512 * 1024

/**
 * Remembers what is appended to the store. A shared store tells each process of its own appends, too,
 * and what this one has written has been looked through for secrets already.
 */
export function withRecentTexts(store: LogStore): { store: LogStore; recent: RecentTexts } {
  let texts = new Map<string, string>()
  let older = texts
  let size = 0
  return {
    store: {
      ...store,
      append(nodeId, added, how) {
        for (const text of added) remember(nodeId, text)
        return store.append(nodeId, added, how)
      },
    },
    recent: { has: (nodeId, text) => (texts.get(text) ?? older.get(text)) === nodeId },
  }

  function remember(nodeId: string, text: string): void {
    if (size > MOST) {
      older = texts
      texts = new Map()
      size = 0
    }
    size += text.length
    texts.set(text, nodeId)
  }
}
