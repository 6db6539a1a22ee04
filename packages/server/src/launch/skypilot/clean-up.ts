import { DeadlineError, withDeadline } from '@launchtail/client/async'
import { formatDuration } from '@launchtail/client/protocol'
import type { Outcome } from '../launcher.js'
import type { Pace } from './pace.js'

export interface CleanUpOptions {
  outcome: Outcome
  cluster: string
  /** True where it is a managed job, which is cancelled. */
  isJob?: boolean
  /** Takes the cluster down, and returns when it is gone. */
  takeDown: (signal: AbortSignal) => Promise<void>
  /** Why it has not worked so far, where that is known. */
  reason?: () => string | undefined
  pace: Pick<Pace, 'cleanup'>
  signal: AbortSignal
}

/**
 * Takes down the cluster of a launch that is over, because it costs money. Where that does not work in
 * time, the outcome says so, and the cluster is taken down in the background.
 */
export async function cleanUp({
  outcome,
  cluster,
  isJob = false,
  takeDown,
  reason = () => undefined,
  pace,
  signal,
}: CleanUpOptions): Promise<Outcome> {
  try {
    await withDeadline(pace.cleanup, signal, takeDown)
    return outcome
  } catch (error) {
    signal.throwIfAborted()
    const slow = `it was not gone within ${formatDuration(pace.cleanup)}`
    const why = error instanceof DeadlineError ? (reason() ?? slow) : (error as Error).message
    const what = isJob ? `managed job ${cluster}` : `cluster ${cluster}`
    const command = isJob ? `sky jobs cancel -n ${cluster}` : `sky down ${cluster}`
    const told = `The ${what} may still be there (${why}). This server goes on taking it down, for up to a day; \`${command}\` does it by hand.`
    return { ...outcome, details: [outcome.details, told].filter(Boolean).join('\n'), left: true }
  }
}
