import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Database } from '../../database/open.js'
import type { Instance } from '../spending/instance.js'
import { changedInstances } from '../spending/instances.js'
import { NO_INSTANCES } from './counted-launch.js'

/** The machines of all launches in memory, by the launches' ids. */
export interface Machines {
  of(launchId: string): readonly Instance[]
  /** Reads what has changed since the last time, and returns the ids of those launches. */
  takeIn(): Promise<Set<string>>
  forget(launchId: string): void
}

const PAGE = 500

export function createMachines(database: Database): Machines {
  const byLaunch = new Map<string, readonly Instance[]>()
  let takenIn = 0
  return {
    of: (launchId) => byLaunch.get(launchId) ?? NO_INSTANCES,
    takeIn,
    forget: (launchId) => void byLaunch.delete(launchId),
  }

  async function takeIn(): Promise<Set<string>> {
    const changed = new Set<string>()
    for (;;) {
      const rows = await changedInstances(database, takenIn, PAGE)
      for (const { launchId, instance } of rows) {
        changed.add(launchId)
        const others = (byLaunch.get(launchId) ?? []).filter(
          ({ number }) => number !== instance.number,
        )
        byLaunch.set(
          launchId,
          [...others, instance].sort((a, b) => a.number - b.number),
        )
      }
      takenIn = rows.at(-1)?.change ?? takenIn
      if (rows.length < PAGE) return changed
      await nextTurn()
    }
  }
}
