import type { News } from './news.js'

/** News that wait to be stored, by node. */
export interface Pending {
  add(nodeId: string, news: News): void
  /** Removes the news of these nodes and returns them. */
  take(nodeIds: readonly string[]): Map<string, readonly News[]>
  has(nodeId: string): boolean
  drop(nodeId: string): void
  nodeIds(): string[]
  /** The nodes whose news have waited since `time` or longer, at most `limit` of them, oldest first. */
  waitingSince(time: number, limit: number): string[]
  /** When the oldest news came, by the monotonic clock. */
  oldest(): number | undefined
  /** True if some node has many entries waiting. */
  isCrowded(): boolean
  /** The nodes that have many entries waiting, or nearly so. */
  crowded(): string[]
}

interface Waiting {
  readonly since: number
  readonly news: News[]
  entries: number
}

/** Entries of one node that are many, and nearly many. */
const MANY = 256
const NEARLY = 64

export function createPending(): Pending {
  /** In the order in which each node's first news came. */
  const byNode = new Map<string, Waiting>()
  const many = new Set<string>()
  const nearly = new Set<string>()
  return {
    add(nodeId, news) {
      const waiting = byNode.get(nodeId) ?? { since: performance.now(), news: [], entries: 0 }
      waiting.news.push(news)
      waiting.entries += news.entries.length
      byNode.set(nodeId, waiting)
      if (waiting.entries >= NEARLY) nearly.add(nodeId)
      if (waiting.entries >= MANY) many.add(nodeId)
    },
    take(nodeIds) {
      const taken = new Map<string, readonly News[]>()
      for (const nodeId of nodeIds) {
        const known = byNode.get(nodeId)
        if (known) taken.set(nodeId, known.news)
        drop(nodeId)
      }
      return taken
    },
    has: (nodeId) => byNode.has(nodeId),
    drop,
    nodeIds: () => [...byNode.keys()],
    waitingSince(time, limit) {
      const nodeIds: string[] = []
      for (const [nodeId, { since }] of byNode) {
        if (since > time || nodeIds.length === limit) break
        nodeIds.push(nodeId)
      }
      return nodeIds
    },
    oldest: () => byNode.values().next().value?.since,
    isCrowded: () => many.size > 0,
    crowded: () => (many.size > 0 ? [...nearly] : []),
  }

  function drop(nodeId: string): void {
    byNode.delete(nodeId)
    many.delete(nodeId)
    nearly.delete(nodeId)
  }
}
