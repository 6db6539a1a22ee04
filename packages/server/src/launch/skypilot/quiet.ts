import { pauseFor } from '../../async/retry.js'
import type { Pace } from './pace.js'

export interface QuietOptions {
  /**
   * Begins to listen. What it returns says when the last piece of the output came, and undefined while
   * the output is not being read.
   */
  listen: () => () => number | undefined
  pace: Pick<Pace, 'quiet' | 'grace'>
  signal: AbortSignal
}

/**
 * Waits until the output has been silent for a moment, but not for long. A server answers sooner than
 * its output is read, and that output tells what came before.
 */
export async function awaitQuiet({ listen, pace, signal }: QuietOptions): Promise<void> {
  const heardAt = listen()
  const since = performance.now()
  while (performance.now() - since < pace.grace) {
    const silence = performance.now() - (heardAt() ?? Number.POSITIVE_INFINITY)
    if (silence >= pace.quiet) return
    await pauseFor(pace.quiet / 5, signal)
  }
}
