import { formatDuration } from '../protocol/time.js'
import { childSignal } from './child-signal.js'

/** The reason of a deadline's signal, as opposed to that of the caller who gives up. */
export class DeadlineError extends Error {
  override readonly name = 'TimeoutError'
  readonly ms: number

  constructor(ms: number) {
    super(`timed out after ${formatDuration(ms)}`)
    this.ms = ms
  }
}

export interface Deadline {
  /** Aborts with a DeadlineError when the time is over, and with the parent's reason when that aborts. */
  readonly signal: AbortSignal
  /** True once the time is over, if the parent did not abort before. */
  passed(): boolean
  /** Stops the clock; the parent's abort still counts. */
  stop(): void
  /** Stops the clock and lets go of the parent. Call this when the work is over. */
  clear(): void
}

/** The longest time a timer can count. A longer one would fire at once. */
export const LONGEST_TIMER = 2 ** 31 - 1

/**
 * A time limit on work of any form. Its timer is held until it fires or is cleared, which
 * `AbortSignal.timeout` does not do below `AbortSignal.any`: there, Node 20 collects it as garbage, and
 * the limit never comes.
 */
export function startDeadline(ms: number, parent?: AbortSignal): Deadline {
  const child = childSignal(parent)
  const error = new DeadlineError(ms)
  const timer = setTimeout(() => child.abort(error), Math.min(Math.max(0, ms), LONGEST_TIMER))
  child.signal.addEventListener('abort', stop, { once: true })
  if (child.signal.aborted) stop()
  return { signal: child.signal, passed: () => child.signal.reason === error, stop, clear }

  function stop(): void {
    clearTimeout(timer)
  }

  function clear(): void {
    stop()
    child.release()
  }
}

/**
 * Runs `act` with a signal that aborts when the time is over or the parent aborts. What `act` throws
 * after that is replaced by the signal's reason: a DeadlineError, or the parent's.
 */
export async function withDeadline<T>(
  ms: number,
  parent: AbortSignal | undefined,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal, clear } = startDeadline(ms, parent)
  try {
    return await act(signal)
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    clear()
  }
}
