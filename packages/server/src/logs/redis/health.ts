import type { Watchers } from '../watchers.js'
import { COMMAND_TIMEOUT, withTimeout } from './time-out.js'

/** Knows whether Redis answers, and tells the watchers when that changes. */
export interface Health {
  isUp(): boolean
  /** True once the watchers have been told of a loss. */
  isToldLost(): boolean
  /** The connection ended, and is being made anew. */
  cut(): void
  /** Redis does not answer. */
  lost(): void
  found(): void
  /**
   * Resolves when Redis answers again, before `deadline` (monotonic). Rejects at once where that is
   * not to be expected: it was silent, or the connection could not be made anew for a while.
   */
  back(deadline: number): Promise<void>
  close(): void
}

/** Milliseconds a connection may take to be made anew before the watchers are told of a loss. */
const TELL_AFTER = 300

/** `onBack` is called when Redis is back after a loss that was told, with how long it was away (ms). */
export function createHealth(
  watchers: Watchers,
  onBack: (away: number) => void = () => {},
): Health {
  let up = true
  let told = false
  let lostAt = 0
  let telling: NodeJS.Timeout | undefined
  /** Until when a call waits for the connection to be made anew. */
  let expected = Number.NEGATIVE_INFINITY
  let waiting: (() => void)[] = []
  return {
    isUp: () => up,
    isToldLost: () => told,
    cut() {
      if (up) expected = performance.now() + COMMAND_TIMEOUT
      lose()
    },
    lost: lose,
    found() {
      if (up) return
      if (told) onBack(performance.now() - lostAt)
      up = true
      told = false
      clearTimeout(telling)
      for (const resolve of waiting.splice(0)) resolve()
      watchers.tellAll((watcher) => watcher.found())
    },
    async back(deadline) {
      if (up) return
      const patience = Math.min(deadline, expected) - performance.now()
      if (patience <= 0) throw new Error('out of reach')
      await withTimeout(patience, new Promise<void>((resolve) => waiting.push(resolve)))
    },
    close() {
      clearTimeout(telling)
      waiting = []
    },
  }

  function lose(): void {
    if (!up) return
    up = false
    lostAt = performance.now()
    telling = setTimeout(() => {
      told = true
      watchers.tellAll((watcher) => watcher.lost())
    }, TELL_AFTER)
  }
}
