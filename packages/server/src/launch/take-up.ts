import { setTimeout as sleep } from 'node:timers/promises'
import type { Leases } from './leases.js'
import type { Runs } from './runs.js'

export interface TakeUpOptions {
  leases: Leases
  runs: Runs
  locked: <T>(act: () => Promise<T>) => Promise<T>
  /** The length of a lease, in milliseconds. */
  lease: number
  closing: AbortSignal
  onFault: (message: string, error: unknown) => void
}

/** Rounds per length of a lease. Each renews our leases and looks for launches that nobody runs. */
const ROUNDS = 3

/** Takes launches up, and keeps the leases of those it has. Begins at once. */
export function createTakeUp({ leases, runs, locked, lease, closing, onFault }: TakeUpOptions) {
  let resumed = false
  const stopped = keepOn()
  return { resume, start, look, stopped: () => stopped }

  async function resume(): Promise<void> {
    await takeAll({ own: true })
    resumed = true
  }

  /** Takes up a launch that was just stored. It is certain to happen: a fault here only delays it. */
  async function start(nodeId: string, launchId: string): Promise<void> {
    try {
      const [taken] = await leases.take({ launchId })
      // Another process has it.
      if (!taken) return
      const run = runs.add(taken)
      // Whoever asks from now on sees the launch.
      await run.announce().catch((error) => onFault(`announcing the launch of ${nodeId}`, error))
      runs.begin(run)
    } catch (error) {
      onFault(`taking up the launch of ${nodeId}`, error)
    }
  }

  function takeAll({ own = false } = {}): Promise<void> {
    return locked(async () => {
      const except = runs.launchIds()
      for (const taken of await leases.take({ except, own })) runs.begin(runs.add(taken))
    })
  }

  async function keepOn(): Promise<void> {
    while (!closing.aborted) {
      // Rejects when the signal aborts, and then the loop ends.
      await sleep(lease / ROUNDS, undefined, { signal: closing, ref: false }).catch(() => {})
      if (closing.aborted) return
      await look()
    }
  }

  /** Looks now instead of with the next round: another server has changed something. */
  async function look(): Promise<void> {
    if (closing.aborted) return
    try {
      await keepOnce()
    } catch (error) {
      onFault('looking after the launches', error)
    }
  }

  /** Renews our leases, cancels launches that are to end, and takes up those that nobody runs. */
  async function keepOnce(): Promise<void> {
    for (const { launch_id, state } of await leases.renew()) {
      if (state === 'cancelling') runs.cancel(launch_id)
    }
    if (resumed) await takeAll()
  }
}
