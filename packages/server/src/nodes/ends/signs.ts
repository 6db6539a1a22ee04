/** Signs that somebody still makes a launch, besides what is appended to its log. */
export interface Signs {
  /** A beat came. */
  heard(nodeId: string): void
  /** A body has begun to arrive. It is a sign until the returned function is called. */
  opened(nodeId: string): () => void
  /** True for a node of which there is a sign now, or was one since this was last called. */
  take(): (nodeId: string) => boolean
  /** True if there is a sign that was not taken yet. */
  has(nodeId: string): boolean
}

export function createSigns(): Signs {
  let heard = new Set<string>()
  const open = new Map<string, number>()
  return {
    heard: (nodeId) => void heard.add(nodeId),
    opened(nodeId) {
      open.set(nodeId, (open.get(nodeId) ?? 0) + 1)
      return () => {
        const left = (open.get(nodeId) ?? 1) - 1
        if (left > 0) open.set(nodeId, left)
        else open.delete(nodeId)
        // It was there until now.
        heard.add(nodeId)
      }
    },
    take() {
      const taken = heard
      heard = new Set()
      return (nodeId) => taken.has(nodeId) || open.has(nodeId)
    },
    has: (nodeId) => heard.has(nodeId) || open.has(nodeId),
  }
}
