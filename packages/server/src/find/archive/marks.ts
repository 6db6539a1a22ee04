/** Lists that may have something that the archive has not. */
export interface Marks {
  set(nodeId: string): void
  delete(nodeId: string): void
  /** The marked nodes, which are not marked any more. */
  take(): string[]
  isEmpty(): boolean
  /** Each marked node with the number of its last mark. */
  numbers(): ReadonlyMap<string, number>
  /** Takes the mark away, unless there has been another one since. */
  clear(nodeId: string, number: number | undefined): void
}

export function createMarks(): Marks {
  const marked = new Map<string, number>()
  let count = 0
  return {
    set(nodeId) {
      count += 1
      marked.set(nodeId, count)
    },
    delete: (nodeId) => void marked.delete(nodeId),
    take() {
      const nodeIds = [...marked.keys()]
      marked.clear()
      return nodeIds
    },
    isEmpty: () => marked.size === 0,
    numbers: () => new Map(marked),
    clear(nodeId, number) {
      if (number !== undefined && marked.get(nodeId) === number) marked.delete(nodeId)
    },
  }
}
