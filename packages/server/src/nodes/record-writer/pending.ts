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
}

export function createPending(): Pending {
  /** In the order in which each node's first news came. */
  const byNode = new Map<string, { readonly since: number; readonly news: News[] }>()
  return {
    add(nodeId, news) {
      const known = byNode.get(nodeId)
      if (known) known.news.push(news)
      else byNode.set(nodeId, { since: performance.now(), news: [news] })
    },
    take(nodeIds) {
      const taken = new Map<string, readonly News[]>()
      for (const nodeId of nodeIds) {
        const known = byNode.get(nodeId)
        if (known) taken.set(nodeId, known.news)
        byNode.delete(nodeId)
      }
      return taken
    },
    has: (nodeId) => byNode.has(nodeId),
    drop: (nodeId) => void byNode.delete(nodeId),
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
  }
}
