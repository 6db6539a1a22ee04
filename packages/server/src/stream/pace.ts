/**
 * Decides when a list is flushed: at once if it was quiet. After a flush there is a pause of three
 * times what the sending took, at most 20 ms. What comes meanwhile goes out at its end.
 */
export interface Pace {
  /** Plans a flush, unless one is planned or at work. */
  plan(): void
  /** True while a flush is at work. */
  isRunning(): boolean
  /** Resolves when the flush that is planned or at work has ended; at once where there is none. */
  settled(): Promise<void>
  /** The flush has ended; the sending took so many milliseconds. */
  ended(took: number): void
  /** Drops the flush that is planned or at work. */
  cancel(): void
}

const PAUSE_FACTOR = 3
const LONGEST_PAUSE = 20

export function createPace(flush: () => void, now: () => number): Pace {
  let state: 'quiet' | 'planned' | 'running' = 'quiet'
  /** Counts the calls of `cancel`: a flush that was planned before one of them does not begin. */
  let cancelled = 0
  let quietFrom = 0
  let settled = Promise.resolve()
  let settle = () => {}
  return {
    plan() {
      if (state !== 'quiet') return
      state = 'planned'
      settled = new Promise((resolve) => {
        settle = resolve
      })
      const wait = quietFrom - now()
      if (wait > 0) setTimeout(begin, wait, cancelled)
      else setImmediate(begin, cancelled)
    },
    isRunning: () => state === 'running',
    settled: () => settled,
    ended(took) {
      quietFrom = now() + Math.min(LONGEST_PAUSE, PAUSE_FACTOR * took)
      rest()
    },
    cancel() {
      cancelled += 1
      rest()
    },
  }

  function begin(during: number): void {
    if (during !== cancelled) return
    state = 'running'
    flush()
  }

  function rest(): void {
    state = 'quiet'
    settle()
  }
}
