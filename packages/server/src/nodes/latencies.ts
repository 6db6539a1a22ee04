/** How fast the servers of active nodes answered their latest health check. Kept in memory only. */
export interface Latencies {
  /** Notes the milliseconds of an answer. Returns true if they differ enough to be told. */
  set(nodeId: string, ms: number): boolean
  of(nodeId: string): number | undefined
  forget(nodeId: string): void
}

/** A difference below both of these is noise: watchers of all nodes would be told of nothing else. */
const LEAST_SHARE = 0.25
const LEAST_MS = 5

export function createLatencies(): Latencies {
  const latest = new Map<string, { ms: number; told: number }>()
  return {
    set(nodeId, ms) {
      const told = latest.get(nodeId)?.told
      const isNews =
        told === undefined || Math.abs(ms - told) > Math.max(LEAST_MS, told * LEAST_SHARE)
      latest.set(nodeId, { ms, told: isNews ? ms : told })
      return isNews
    },
    of: (nodeId) => latest.get(nodeId)?.ms,
    forget: (nodeId) => void latest.delete(nodeId),
  }
}
