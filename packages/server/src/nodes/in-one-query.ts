import { setImmediate as nextTurn } from 'node:timers/promises'

/** The most ids one query names. */
const LARGEST = 500

/**
 * Batches the reads of one turn of the event loop: a thousand readers that come at once cost one
 * query, not a thousand. The answer includes everything that was stored before the call.
 */
export function inOneQuery<T>(
  read: (nodeIds: readonly string[]) => Promise<Map<string, T>>,
): (nodeId: string) => Promise<T | undefined> {
  let batch: { readonly nodeIds: Set<string>; readonly answer: Promise<Map<string, T>> } | undefined
  return async (nodeId) => {
    batch ??= begin()
    batch.nodeIds.add(nodeId)
    return (await batch.answer).get(nodeId)
  }

  function begin() {
    const nodeIds = new Set<string>()
    const answer = nextTurn().then(async () => {
      batch = undefined
      const all = [...nodeIds]
      const found = new Map<string, T>()
      for (let first = 0; first < all.length; first += LARGEST) {
        for (const [id, one] of await read(all.slice(first, first + LARGEST))) found.set(id, one)
      }
      return found
    })
    return { nodeIds, answer }
  }
}
