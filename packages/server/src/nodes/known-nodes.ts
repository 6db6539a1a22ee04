/** The most ids that are remembered. */
const REMEMBERED = 10_000

/** Remembers which nodes exist, because every append asks. */
export function createKnownNodes(exists: (nodeId: string) => Promise<boolean>) {
  const known = new Set<string>()
  let forgotten = 0
  return { has, forget, forgetAll }

  async function has(nodeId: string): Promise<boolean> {
    if (known.has(nodeId)) return true
    const before = forgotten
    if (!(await exists(nodeId))) return false
    // It may have been this one that was deleted meanwhile.
    if (before !== forgotten) return true
    if (known.size >= REMEMBERED) known.clear()
    known.add(nodeId)
    return true
  }

  /** Any of them may have been deleted. */
  function forgetAll(): void {
    known.clear()
    forgotten += 1
  }

  function forget(nodeId: string): void {
    known.delete(nodeId)
    forgotten += 1
  }
}
