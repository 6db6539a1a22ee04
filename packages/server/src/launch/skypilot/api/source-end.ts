import { childSignal } from '@launchtail/client/async'
import { pauseFor } from '../../../async/retry.js'
import type { Pace } from '../pace.js'
import type { Outage } from './outage.js'

export interface SourceEndOptions {
  /** Asks whether what gives the output is over. */
  over: () => Promise<boolean>
  /** Milliseconds between two such questions. Default: the pace's `status`. */
  every?: () => number
  outage: Outage
  pace: Pace
  signal: AbortSignal
}

export interface SourceEnd {
  /** What was found so far. */
  reached(): boolean
  /** Asks now. */
  ask(): Promise<boolean>
  /** Asks no more. Throws what the questions in the background failed of. */
  stop(): Promise<void>
}

/**
 * Watches for the end of what gives an output, while that is read. A stream that does not notice its
 * end is cut once it has been silent for a while: `cutWhenSilent` is called over and over then.
 */
export function watchSourceEnd(
  { over, every = () => pace.status, outage, pace, signal }: SourceEndOptions,
  cutWhenSilent: (ms: number) => void,
): SourceEnd {
  let reached = false
  const leaving = childSignal(signal)
  const watching = watch()
  // Thrown by `stop`; until then it must only not count as unhandled.
  watching.catch(() => {})
  return { reached: () => reached, ask: () => ask(signal), stop }

  async function ask(until: AbortSignal): Promise<boolean> {
    if (!reached && (await outage.insist(over, until))) reached = true
    return reached
  }

  async function watch(): Promise<void> {
    const { signal: until } = leaving
    try {
      while (!reached) {
        await pauseFor(every(), until)
        await ask(until)
      }
      for (;;) {
        await pauseFor(pace.grace / 4, until)
        cutWhenSilent(pace.grace)
      }
    } catch (error) {
      if (!until.aborted) throw error
    }
  }

  async function stop(): Promise<void> {
    leaving.abort()
    await watching
  }
}
