import type { Watchers } from '../watchers.js'

/** Knows whether Redis answers, and tells the watchers when that changes. */
export interface Health {
  isUp(): boolean
  lost(): void
  found(): void
  close(): void
}

/** Milliseconds a connection may take to be made anew before the watchers are told of a loss. */
const TELL_AFTER = 300

export function createHealth(watchers: Watchers): Health {
  let up = true
  let telling: NodeJS.Timeout | undefined
  return {
    isUp: () => up,
    lost() {
      if (!up) return
      up = false
      telling = setTimeout(() => watchers.tellAll((watcher) => watcher.lost()), TELL_AFTER)
    },
    found() {
      if (up) return
      up = true
      clearTimeout(telling)
      watchers.tellAll((watcher) => watcher.found())
    },
    close: () => clearTimeout(telling),
  }
}
