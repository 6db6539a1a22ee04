import type { News } from './news.js'
import type { Change } from './save.js'

/** What is to be stored of a node. */
export interface Waiting {
  /** The record with earlier news folded into it. */
  readonly begun?: Change | undefined
  readonly news: readonly News[]
}

export interface Unfolded extends Waiting {
  /** Keeps the record into which the news were folded, unless it was dropped meanwhile. */
  keep(change: Change | undefined): void
}

/** News that wait to be stored, by node. */
export interface Pending {
  /** True if so much of the node waits by now that it is to be folded. */
  add(nodeId: string, news: News): boolean
  /** Removes what waits of these nodes and returns it. */
  take(nodeIds: readonly string[]): Map<string, Waiting>
  /** What waits of one node, whose news are to be folded; undefined if there are none. */
  unfolded(nodeId: string): Unfolded | undefined
  has(nodeId: string): boolean
  drop(nodeId: string): void
  nodeIds(): string[]
  /** The nodes whose news have waited since `time` or longer, at most `limit` of them, oldest first. */
  waitingSince(time: number, limit: number): string[]
  /** When the oldest news came, by the monotonic clock. */
  oldest(): number | undefined
}

/**
 * Entries of a node that wait as they are. More of them would outlive two collections of the young generation, and
 * cost more to collect then than all else that an append leaves behind.
 */
const MOST = 500

interface OfNode {
  /** When the first of it came, by the monotonic clock. */
  readonly since: number
  begun: Change | undefined
  news: News[]
  entries: number
}

export function createPending(): Pending {
  /** In the order in which each node's first news came. */
  const byNode = new Map<string, OfNode>()
  return {
    add(nodeId, news) {
      let known = byNode.get(nodeId)
      if (!known) {
        known = { since: performance.now(), begun: undefined, news: [], entries: 0 }
        byNode.set(nodeId, known)
      }
      known.news.push(news)
      known.entries += news.length
      return known.begun !== undefined || known.entries > MOST
    },
    take(nodeIds) {
      const taken = new Map<string, Waiting>()
      for (const nodeId of nodeIds) {
        const known = byNode.get(nodeId)
        if (known) taken.set(nodeId, known)
        byNode.delete(nodeId)
      }
      return taken
    },
    unfolded(nodeId) {
      const known = byNode.get(nodeId)
      if (!known || known.news.length === 0) return undefined
      const { begun, news } = known
      known.news = []
      known.entries = 0
      return {
        begun,
        news,
        keep(change) {
          known.begun = change
        },
      }
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
