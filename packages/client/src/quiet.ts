import { ConnectionError, StreamTimeoutError } from './errors.js'

/** Three heartbeats. A connection that is silent for longer is dead, even if TCP keeps it. */
const SILENCE = 45_000

/** The time of the last event, and how long to wait for the next. */
export interface Quiet {
  since: number
  readonly timeout: number
}

/** Waits for the promise. Throws if it takes longer than an event may take. */
export async function inTime<T>(promise: Promise<T>, { since, timeout }: Quiet): Promise<T> {
  const left = Math.max(0, since + timeout - performance.now())
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    const error = left < SILENCE ? timedOut(timeout) : new ConnectionError('the server went silent')
    timer = setTimeout(() => reject(error), Math.min(SILENCE, left))
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

export function timedOut(timeout: number, cause?: Error): StreamTimeoutError {
  const words = `no event for ${Math.round(timeout / 1000)} s`
  return new StreamTimeoutError(words, cause && { cause })
}
