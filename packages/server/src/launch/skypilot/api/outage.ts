import { pauseFor } from '../../../async/retry.js'
import type { Pace } from '../pace.js'
import { SkyApiError } from './http.js'

/** What is known of whether SkyPilot can be reached, by whoever talks to it for one launch. */
export interface Outage {
  /** Tries until it is answered. What is no fault of SkyPilot's, or not for `passes`, is thrown. */
  insist<T>(
    act: () => Promise<T>,
    signal: AbortSignal,
    passes?: (error: SkyApiError) => boolean,
  ): Promise<T>
  trouble(error: SkyApiError): void
  fine(): void
  /** What is wrong now. */
  reason(): string | undefined
}

/** A connection that flaps is told of this often at most. */
const AGAIN = 10 * 60_000

/** `warn` is told once each time SkyPilot has been out of reach for a while. */
export function watchOutage({ pace, warn }: { pace: Pace; warn: (why: string) => void }): Outage {
  let since: number | undefined
  let last: string | undefined
  let warned = Number.NEGATIVE_INFINITY
  let told = false
  return { insist, trouble, fine, reason: () => last }

  async function insist<T>(
    act: () => Promise<T>,
    signal: AbortSignal,
    passes: (error: SkyApiError) => boolean = () => true,
  ): Promise<T> {
    for (let pause = pace.first; ; pause = Math.min(pause * 2, pace.longest)) {
      try {
        const value = await act()
        fine()
        return value
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof SkyApiError) || !passes(error)) throw error
        trouble(error)
      }
      await pauseFor(pause, signal)
    }
  }

  function trouble(error: SkyApiError): void {
    const now = performance.now()
    since ??= now
    last = error.message
    if (told || now - since < pace.patience || now - warned < AGAIN) return
    told = true
    warned = now
    warn(error.message)
  }

  function fine(): void {
    since = undefined
    last = undefined
    told = false
  }
}
