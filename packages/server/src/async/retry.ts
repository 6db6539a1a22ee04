import { setTimeout as sleep } from 'node:timers/promises'
import { backOff } from '@launchtail/client/async'
import { StorageFull, StorageUnavailable } from '../errors.js'

export interface RetryOptions {
  signal: AbortSignal
  /** True for the faults that pass if one waits. Default: those of the storage. */
  passes?: (error: unknown) => boolean
  /** The first and the longest pause, in milliseconds. */
  first?: number
  longest?: number
}

/** Retries while it fails for a passing reason. Throws when the signal aborts. */
export async function retry<T>(
  act: () => Promise<T>,
  { signal, passes = isStorageFault, first = 100, longest = 1000 }: RetryOptions,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted()
    try {
      return await act()
    } catch (error) {
      if (!passes(error)) throw error
    }
    await pauseFor(backOff(attempt, { first, longest }), signal)
  }
}

/** Waits; throws the signal's reason as soon as it aborts. */
export async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  // It rejects only for the signal, and with an error of its own in place of the signal's reason.
  await sleep(ms, undefined, { signal }).catch(() => {})
  signal.throwIfAborted()
}

/**
 * Await this right before what cannot be undone; it throws if the signal aborts. A process that was
 * suspended may handle its sockets before its timers, and only those abort a signal whose time is over.
 */
export function stillWanted(signal: AbortSignal): Promise<void> {
  return pauseFor(0, signal)
}

/** True where the storage is out of reach or full, and what was to be stored is not at fault. */
export function isStorageFault(error: unknown): boolean {
  return error instanceof StorageUnavailable || error instanceof StorageFull
}
