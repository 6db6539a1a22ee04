import { setTimeout as sleep } from 'node:timers/promises'
import { StorageFull, StorageUnavailable } from '../errors.js'

export interface RetryOptions {
  signal: AbortSignal
  /** The faults that pass if one waits. Default: those of the storage. */
  passes?: (error: unknown) => boolean
  /** Milliseconds before the second attempt; each pause is twice the one before, up to `longest`. */
  first?: number
  longest?: number
}

/** Tries again and again while it fails for a passing reason. Throws when the signal aborts. */
export async function retry<T>(
  act: () => Promise<T>,
  { signal, passes = isStorageFault, first = 100, longest = 1000 }: RetryOptions,
): Promise<T> {
  for (let pause = first; ; pause = Math.min(pause * 2, longest)) {
    signal.throwIfAborted()
    try {
      return await act()
    } catch (error) {
      if (!passes(error)) throw error
    }
    await pauseFor(pause, signal)
  }
}

/** Waits; throws the signal's reason as soon as it aborts. */
export async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  // It only ever rejects for the signal, with an error that hides the signal's own reason.
  await sleep(ms, undefined, { signal }).catch(() => {})
  signal.throwIfAborted()
}

/**
 * To be awaited right before what cannot be taken back. A process that was stopped for a while may
 * hear its sockets before its timers, and only these tell it, by the signal, that it is too late.
 */
export function stillWanted(signal: AbortSignal): Promise<void> {
  return pauseFor(0, signal)
}

/** Out of reach or full: not the fault of what was to be stored. */
export function isStorageFault(error: unknown): boolean {
  return error instanceof StorageUnavailable || error instanceof StorageFull
}
