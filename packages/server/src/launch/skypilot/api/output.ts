import { backOff } from '@launchtail/client/async'
import { pauseFor } from '../../../async/retry.js'
import { SkyApiError } from './error.js'
import { createReadings, type ReadingOptions } from './reading.js'
import { type SourceEndOptions, watchSourceEnd } from './source-end.js'

export interface OutputOptions extends ReadingOptions, SourceEndOptions {
  /** True where the output may begin to exist only when what gives it is over. */
  mayBeLate?: boolean
}

/** How often an output that is empty is read again when what gives it is over. */
const LAST_TRIES = 3
/** How often one that cannot be read is. */
const LAST_FAULTS = 9

/**
 * Reads an output to its end, however often it is cut: then it is read again from its beginning, and
 * the lines that were given are passed over.
 */
export async function readOutput(options: OutputOptions): Promise<void> {
  const { mayBeLate = false, outage, pace, signal } = options
  const readings = createReadings(options)
  const source = watchSourceEnd(options, readings.cutWhenSilent)
  let tries = 0
  try {
    for (let attempt = 0; ; attempt += 1) {
      const before = readings.given()
      const wasOver = source.reached()
      try {
        const { isCut, takeRest } = await readings.next()
        outage.fine()
        const troubles = outage.troubles()
        // A server that goes away ends its streams as if they were whole.
        const isWhole = () => wasOver || (!isCut && outage.troubles() === troubles)
        if ((await source.ask()) && isWhole()) {
          tries += 1
          // A log that does not exist yet when all is over comes a moment later.
          if (readings.given() > 0 || tries >= LAST_TRIES || !mayBeLate) return await takeRest()
        }
      } catch (error) {
        if (await isLost(error)) return
      }
      if (readings.given() > before) attempt = 0
      await pauseFor(backOff(attempt, pace), signal)
    }
  } finally {
    await source.stop()
  }

  /** True where it is not worth trying again. */
  async function isLost(error: unknown): Promise<boolean> {
    signal.throwIfAborted()
    if (!(error instanceof SkyApiError)) throw error
    outage.trouble(error)
    if (error.status === 404 && !mayBeLate) {
      // Cleared away, if its source was over before; else something in between answered for SkyPilot.
      if (source.reached()) return true
      await source.ask()
    }
    if (source.reached()) tries += error.passes ? 1 : LAST_TRIES
    // What is kept comes sooner or later; but a cluster that is gone takes its jobs' output along.
    return mayBeLate && tries >= LAST_FAULTS
  }
}
