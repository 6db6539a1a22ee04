import type { Watcher } from './store.js'

/** The watchers of each list, for a store to call. */
export interface Watchers {
  add(nodeId: string, watcher: Watcher): void
  delete(nodeId: string, watcher: Watcher): void
  has(nodeId: string): boolean
  of(nodeId: string): Iterable<Watcher>
  /** The watched lists. */
  nodeIds(): Iterable<string>
  /**
   * Tells the watchers of one list, or all of them. One that throws keeps no other from being told,
   * and the store goes on.
   */
  tell(nodeId: string, say: (watcher: Watcher) => void): void
  tellAll(say: (watcher: Watcher) => void): void
}

export type OnFault = (message: string, error?: unknown) => void

export function createWatchers(onFault: OnFault = () => {}): Watchers {
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
    has: (nodeId) => byNode.has(nodeId),
    of: (nodeId) => byNode.get(nodeId) ?? [],
    nodeIds: () => byNode.keys(),
    tell,
    tellAll(say) {
      for (const nodeId of [...byNode.keys()]) tell(nodeId, say)
    },
  }

  function tell(nodeId: string, say: (watcher: Watcher) => void): void {
    for (const watcher of [...(byNode.get(nodeId) ?? [])]) {
      try {
        say(watcher)
      } catch (error) {
        onFault(`watching ${nodeId}`, error)
      }
    }
  }
}
