import { performance } from 'node:perf_hooks'

/** How much of the time the archive takes for itself. */
export interface Share {
  /** True if the event loop has had no time to spare since the last call. */
  isBusy(): boolean
  /** Milliseconds to pause after work that took so long; `hasMore` where lists have more than was read. */
  pauseAfter(took: number, hasMore: boolean): number
}

/** A fleet's entries take an even tenth of the time. */
export const TENTH = 9
/** Lists that have more than a page take half of it, for they must not get ahead. */
const HALF = 1
/** Where the event loop is as busy as this, whoever sends entries waits for it, and for the archive. */
const BUSY = 0.9

/**
 * Divides the time between the archive and all else. While entries come in as fast as they are taken, the
 * archive takes a tenth, and catches up with the rest when they no longer do.
 */
export function createShare(utilization = sinceLastCall()): Share {
  const isBusy = () => utilization() > BUSY
  return {
    isBusy,
    pauseAfter: (took, hasMore) => took * (hasMore && !isBusy() ? HALF : TENTH),
  }
}

/** How much of the time since the last call the event loop was busy: from 0 to 1. */
function sinceLastCall(): () => number {
  let before = performance.eventLoopUtilization()
  return () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    return utilization
  }
}
