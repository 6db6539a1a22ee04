import type { Watcher } from './store.js'

/** The watchers of each list, for a store to call. */
export interface Watchers {
  add(nodeId: string, watcher: Watcher): void
  delete(nodeId: string, watcher: Watcher): void
  of(nodeId: string): Iterable<Watcher>
  all(): Iterable<[nodeId: string, watchers: ReadonlySet<Watcher>]>
  each(tell: (watcher: Watcher) => void): void
}

export function createWatchers(): Watchers {
  const byNode = new Map<string, Set<Watcher>>()
  return {
    add(nodeId, watcher) {
      const watchers = byNode.get(nodeId)
      if (watchers) watchers.add(watcher)
      else byNode.set(nodeId, new Set([watcher]))
    },
    delete(nodeId, watcher) {
      const watchers = byNode.get(nodeId)
      if (watchers?.delete(watcher) && watchers.size === 0) byNode.delete(nodeId)
    },
    of: (nodeId) => byNode.get(nodeId) ?? [],
    all: () => byNode,
    each(tell) {
      for (const watchers of byNode.values()) for (const watcher of watchers) tell(watcher)
    },
  }
}
