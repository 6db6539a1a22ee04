import { setImmediate as nextTurn } from 'node:timers/promises'

/** Long work on the event loop in slices, between which others have their turns. */
export interface Slices {
  /** True once the slice is over. */
  isOver(): boolean
  /** Begins the next slice, in another turn of the loop. */
  next(): Promise<void>
}

/** Slices of so many milliseconds. An append takes several turns, and waits for a slice in each. */
export function createSlices(ms: number, now = () => performance.now()): Slices {
  let end = now() + ms
  return {
    isOver: () => now() >= end,
    async next() {
      await nextTurn()
      end = now() + ms
    },
  }
}
