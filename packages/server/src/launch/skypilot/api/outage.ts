import { backOff } from '@launchtail/client/async'
import { pauseFor } from '../../../async/retry.js'
import type { Pace } from '../pace.js'
import { SkyApiError } from './error.js'

/** Keeps track, for one launch, of whether SkyPilot can be reached. */
export interface Outage {
  /** Retries until SkyPilot answers. Any other error is thrown, and one that `passes` does not accept. */
  insist<T>(
    act: () => Promise<T>,
    signal: AbortSignal,
    passes?: (error: SkyApiError) => boolean,
  ): Promise<T>
  /** SkyPilot did not do what it was asked. */
  trouble(error: SkyApiError): void
  /** SkyPilot answered. */
  fine(): void
  /** How often SkyPilot did not do what it was asked. */
  troubles(): number
  /** The last error, while SkyPilot does not answer. */
  reason(): string | undefined
}

/** The least time between two warnings, where a connection flaps. */
const AGAIN = 10 * 60_000

export interface OutageOptions {
  pace: Pace
  /** Called once for each time that SkyPilot has been out of reach for a while. */
  warn: (why: string) => void
  /** Called when SkyPilot answers after such a warning, with the milliseconds it was away for. */
  back?: (away: number) => void
}

export function watchOutage({ pace, warn, back = () => {} }: OutageOptions): Outage {
  let since: number | undefined
  let last: string | undefined
  let warnedAt = Number.NEGATIVE_INFINITY
  let warned = false
  let count = 0
  return { insist, trouble, fine, troubles: () => count, reason: () => last }

  async function insist<T>(
    act: () => Promise<T>,
    signal: AbortSignal,
    passes: (error: SkyApiError) => boolean = () => true,
  ): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const value = await act()
        fine()
        return value
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof SkyApiError) || !passes(error)) throw error
        trouble(error)
      }
      await pauseFor(backOff(attempt, pace), signal)
    }
  }

  function trouble(error: SkyApiError): void {
    count += 1
    const now = performance.now()
    since ??= now
    last = error.message
    if (warned || now - since < pace.patience || now - warnedAt < AGAIN) return
    warned = true
    warnedAt = now
    warn(error.message)
  }

  function fine(): void {
    if (warned && since !== undefined) back(performance.now() - since)
    since = undefined
    last = undefined
    warned = false
  }
}
