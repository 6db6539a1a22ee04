/** Callbacks for changes of nodes' records. */
export function createWatchers() {
  const watchers = new Set<(nodeId: string) => void>()
  return { watch, notify }

  /** Calls back for each change until the returned function is called. */
  function watch(changed: (nodeId: string) => void): () => void {
    watchers.add(changed)
    return () => void watchers.delete(changed)
  }

  function notify(nodeId: string): void {
    for (const changed of watchers) changed(nodeId)
  }
}
