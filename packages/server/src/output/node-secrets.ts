/** The secrets of launches. Launching fills it; whoever redacts reads it. */
export interface NodeSecrets {
  /** The values that must not appear in anything that is stored or shown of a node. */
  of(nodeId: string): readonly string[]
  hold(nodeId: string, values: readonly string[]): void
  /**
   * Called at a launch's end. Another program's entries in the list may hold its secrets still, so
   * they are masked for as long as this process lives, or until many other launches have ended.
   */
  release(nodeId: string): void
}

/** Characters of secrets that are remembered of launches that have ended. */
const REMEMBERED = 1024 * 1024

export function createNodeSecrets(): NodeSecrets {
  /** The array of a node stays the same for as long as its values do. */
  const byNode = new Map<string, readonly string[]>()
  /** In the order of their ends. */
  const ended = new Map<string, number>()
  let size = 0
  return { of: (nodeId) => byNode.get(nodeId) ?? NONE, hold, release }

  function hold(nodeId: string, values: readonly string[]): void {
    const before = byNode.get(nodeId) ?? NONE
    forgetEnd(nodeId)
    byNode.set(nodeId, [...new Set([...values, ...before])])
  }

  function release(nodeId: string): void {
    const values = byNode.get(nodeId)
    if (!values) return
    forgetEnd(nodeId)
    const length = values.reduce((sum, value) => sum + value.length, 0)
    ended.set(nodeId, length)
    size += length
    for (const oldest of ended.keys()) {
      if (size <= REMEMBERED) break
      forgetEnd(oldest)
      byNode.delete(oldest)
    }
  }

  function forgetEnd(nodeId: string): void {
    size -= ended.get(nodeId) ?? 0
    ended.delete(nodeId)
  }
}

const NONE: readonly string[] = []
