/** Milliseconds a command may take; the rest of the promised two seconds is for the answer. */
export const COMMAND_TIMEOUT = 1500

/** Rejects as ioredis does where the promise has not settled after so many milliseconds. */
export function withTimeout<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(TIMED_OUT)), ms)
  })
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer))
}

export function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === TIMED_OUT
}

/** The message of ioredis. */
const TIMED_OUT = 'Command timed out'
