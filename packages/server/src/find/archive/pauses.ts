import { setTimeout as sleep } from 'node:timers/promises'
import { createShare, type Share, TENTH } from './share.js'

/**
 * How the archive's work is to go on: `hurried` while a search waits for it, `sparing` while whoever sends
 * entries waits for it, and else `even`.
 */
export type Pace = 'hurried' | 'sparing' | 'even'

/** Pauses in which others have their turns, unless somebody waits for the end of the work. */
export interface Pauses {
  /**
   * Resolves when work that took so many milliseconds may go on, which is at once where somebody waits.
   * `hasMore` where lists have more than was read.
   */
  pauseAfter(took: number, hasMore: boolean): Promise<void>
  pace(): Pace
  /**
   * Ends the pause there is, and makes none until `act` has ended. While whoever sends entries waits, too, it
   * begins some milliseconds after the last one: searches one after the other would take all the time.
   */
  without<T>(act: () => Promise<T>): Promise<T>
}

/** Milliseconds: what is acknowledged is to be found within 100. */
const LONGEST = 70

export function createPauses(share: Share = createShare()): Pauses {
  let waiting = 0
  let pausing = new AbortController()
  let nextAt = Number.NEGATIVE_INFINITY
  return {
    pace: () => (waiting > 0 ? 'hurried' : share.isBusy() ? 'sparing' : 'even'),
    async pauseAfter(took, hasMore) {
      if (waiting > 0) return
      pausing = new AbortController()
      // It rejects only where it is ended, which is what that is for.
      await sleep(share.pauseAfter(took, hasMore), undefined, { signal: pausing.signal }).catch(
        () => {},
      )
    },
    async without(act) {
      const wait = nextAt - performance.now()
      if (wait > 0 && share.isBusy()) await sleep(wait)
      waiting += 1
      pausing.abort()
      const begun = performance.now()
      try {
        return await act()
      } finally {
        waiting -= 1
        const now = performance.now()
        nextAt = now + Math.min(LONGEST, (now - begun) * TENTH)
      }
    },
  }
}
