import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Database } from '../../database/open.js'
import { type CountedLaunch, fromRow, type Kind } from './counted-launch.js'
import { createMachines } from './machines.js'

export interface PastLaunches {
  /** All launches that are kept, newest end first. Reads only those that have changed since last time. */
  read(): Promise<readonly CountedLaunch[]>
}

export interface PastLaunchesOptions {
  database: Database
  /** How many launches are kept, the newest by their ends. */
  kept: number
  /** Called with the number of rows of each read. */
  onRead?: ((rows: number) => void) | undefined
}

/** Rows that are read at once: others get their turn in between. */
const PAGE = 500

/**
 * The launches of `launch_history` in memory. The table is the truth: each of its changes has a number,
 * and whatever has a higher one than the last that was taken in is read. So a crash loses nothing, and
 * an answer costs as many rows as launches have ended since the one before.
 */
export function createPastLaunches({
  database,
  kept,
  onRead = () => {},
}: PastLaunchesOptions): PastLaunches {
  const byKey = new Map<string, CountedLaunch>()
  /** The keys of launches of ours, by their ids. */
  const keys = new Map<string, string>()
  const kinds = new Map<string, Kind>()
  const machines = createMachines(database)
  let sorted: readonly CountedLaunch[] = []
  let takenIn = 0
  let taking: Promise<readonly CountedLaunch[]> = Promise.resolve(sorted)
  return { read }

  function read(): Promise<readonly CountedLaunch[]> {
    // A failed read leaves what was taken in, and the next one goes on from there.
    taking = taking.catch(() => {}).then(takeIn)
    return taking
  }

  async function takeIn(): Promise<readonly CountedLaunch[]> {
    const before = takenIn
    for (;;) {
      const rows = await database
        .selectFrom('launch_history')
        .selectAll()
        .where('change', '>', takenIn)
        .orderBy('change')
        .limit(PAGE)
        .execute()
      onRead(rows.length)
      for (const row of rows) keep(`${row.node_id} ${row.started_at}`, fromRow(row, kindOf))
      takenIn = rows.at(-1)?.change ?? takenIn
      if (rows.length < PAGE) break
      await nextTurn()
    }
    const changed = await machines.takeIn()
    for (const launchId of changed) {
      const key = keys.get(launchId)
      const launch = key === undefined ? undefined : byKey.get(key)
      if (key !== undefined && launch) keep(key, launch)
    }
    if (takenIn > before || changed.size > 0) sort()
    return sorted
  }

  function keep(key: string, launch: CountedLaunch): void {
    const { launchId } = launch
    if (launchId === undefined) return void byKey.set(key, launch)
    keys.set(launchId, key)
    byKey.set(key, { ...launch, instances: machines.of(launchId) })
  }

  function sort(): void {
    sorted = [...byKey.values()].sort(byEnd).slice(0, kept)
    if (byKey.size < kept * 1.1) return
    kinds.clear()
    const isKept = new Set(sorted)
    for (const [key, launch] of byKey) {
      if (isKept.has(launch)) continue
      byKey.delete(key)
      if (launch.launchId === undefined) continue
      keys.delete(launch.launchId)
      machines.forget(launch.launchId)
    }
  }

  function kindOf(kind: Kind): Kind {
    const key = JSON.stringify(Object.values(kind))
    const known = kinds.get(key) ?? kind
    kinds.set(key, known)
    return known
  }
}

function byEnd(a: CountedLaunch, b: CountedLaunch): number {
  return b.endedAt - a.endedAt || (a.nodeId < b.nodeId ? -1 : 1)
}
