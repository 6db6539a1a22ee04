import { setTimeout as sleep } from 'node:timers/promises'

/** Pauses in which others have their turns, unless somebody waits for the end of the work. */
export interface Pauses {
  /** Resolves after so many milliseconds, and at once where somebody waits. */
  pause(ms: number): Promise<void>
  /** True while somebody waits. */
  isHurried(): boolean
  /** Ends the pause there is, and makes none until `act` has ended. */
  without<T>(act: () => Promise<T>): Promise<T>
}

export function createPauses(): Pauses {
  let waiting = 0
  let pausing = new AbortController()
  return {
    isHurried: () => waiting > 0,
    async pause(ms) {
      if (waiting > 0) return
      pausing = new AbortController()
      // It rejects only where it is ended, which is what that is for.
      await sleep(ms, undefined, { signal: pausing.signal }).catch(() => {})
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
