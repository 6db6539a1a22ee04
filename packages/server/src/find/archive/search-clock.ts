import { readFileSync } from 'node:fs'

/** Tells when a search has spent its time. */
export interface SearchClock {
  /** Called with the time, in milliseconds of `performance.now()`. */
  isOver(now: number): boolean
}

/** A search on a busy machine may take this many times its time until it is answered. */
const MOST = 5

/**
 * What counts is the time for which the thread was at work. It gives way to all else, and where the
 * processors are busy, a search would have spent its time before it had looked at anything.
 */
export function startSearchClock(
  limit: number,
  { begun = performance.now(), atWork = timeAtWork } = {},
): SearchClock {
  const before = atWork()
  let nextLook = begun + limit
  return {
    isOver(now) {
      if (now <= nextLook) return false
      const left = before === undefined ? 0 : limit - ((atWork() ?? 0) - before)
      if (left <= 0 || now >= begun + MOST * limit) return true
      nextLook = Math.min(now + left, begun + MOST * limit)
      return false
    },
  }
}

/** Milliseconds for which this thread has had a processor; undefined where the system does not tell. */
function timeAtWork(): number | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ', 1)[0]) / 1e6
  } catch {
    // A kernel without these figures. The time that passes counts in their place.
    return undefined
  }
}
