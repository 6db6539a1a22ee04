import { setTimeout as sleep } from 'node:timers/promises'
import { createShare, type Share } from './share.js'

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
  /** Ends the pause there is, and makes none until `act` has ended. */
  without<T>(act: () => Promise<T>): Promise<T>
}

export function createPauses(share: Share = createShare()): Pauses {
  let waiting = 0
  let pausing = new AbortController()
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
      waiting += 1
      pausing.abort()
      try {
        return await act()
      } finally {
        waiting -= 1
      }
    },
  }
}
