import { DeadlineError, withDeadline } from '@launchtail/client/async'
import { formatDuration } from '@launchtail/client/protocol'
import type { Outcome } from '../launcher.js'
import type { Pace } from './pace.js'

export interface CleanUpOptions {
  outcome: Outcome
  cluster: string
  /** Takes the cluster down, and returns when it is gone. */
  takeDown: (signal: AbortSignal) => Promise<void>
  /** Why it has not worked so far, where that is known. */
  reason?: () => string | undefined
  pace: Pick<Pace, 'cleanup'>
  signal: AbortSignal
}

/**
 * Takes down the cluster of a launch that is over, because it costs money. Where that does not work in
 * time, the outcome's details say so.
 */
export async function cleanUp({
  outcome,
  cluster,
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
    const command = `\`sky down ${cluster}\``
    const left = `The cluster ${cluster} may still be there (${why}). Check \`sky status\`, and take it down with ${command}.`
    return { ...outcome, details: [outcome.details, left].filter(Boolean).join('\n') }
  }
}
