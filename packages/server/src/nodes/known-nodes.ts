/** The most ids that are remembered. */
const REMEMBERED = 10_000

/** Remembers which nodes exist, because every append asks. */
export function createKnownNodes(exists: (nodeId: string) => Promise<boolean>) {
  const known = new Set<string>()
  return { has, forget: (nodeId: string) => void known.delete(nodeId) }

  async function has(nodeId: string): Promise<boolean> {
    if (known.has(nodeId)) return true
    if (!(await exists(nodeId))) return false
    if (known.size >= REMEMBERED) known.clear()
    known.add(nodeId)
    return true
  }
}
