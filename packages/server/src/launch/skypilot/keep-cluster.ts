import { withDeadline } from '@launchtail/client/async'
import { keptOutcome } from '../kept-outcome.js'
import type { Launch, Outcome } from '../launcher.js'
import type { Pace } from './pace.js'

export interface KeepClusterOptions {
  launch: Launch
  outcome: Outcome
  /** True where the cluster is up. */
  isUp: (signal: AbortSignal) => Promise<boolean>
  pace: Pick<Pace, 'cleanup'>
  signal: AbortSignal
}

/**
 * The outcome of a failed launch whose cluster stays up to be looked into; undefined where it is to be
 * taken down, or is gone.
 */
export async function keepCluster(options: KeepClusterOptions): Promise<Outcome | undefined> {
  const { launch, outcome, isUp, pace, signal } = options
  const { keep, clusterName } = launch
  if (keep === undefined) return undefined
  const found = await withDeadline(pace.cleanup, signal, isUp).catch(() => {
    signal.throwIfAborted()
    // SkyPilot does not answer. Taking down what may not be there does no harm later.
    return true
  })
  return found ? keptOutcome(outcome, clusterName, keep) : undefined
}
