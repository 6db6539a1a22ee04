import { retry } from '../async/retry.js'

export interface InsistOptions {
  nodeId: string
  signal: AbortSignal
  onFault: (message: string, error: unknown) => void
}

/** Carries out what must happen, whatever the fault: each fault is reported, and it is retried. */
export type Insist = <T>(what: string, act: () => Promise<T>) => Promise<T>

/** Milliseconds. */
const LONGEST_PAUSE = 10_000

export function createInsist({ nodeId, signal, onFault }: InsistOptions): Insist {
  return (what, act) => {
    const passes = (error: unknown) => {
      if (!signal.aborted) onFault(`${what} the launch of ${nodeId}`, error)
      return true
    }
    return retry(act, { signal, passes, longest: LONGEST_PAUSE })
  }
}
