import { setTimeout as pause } from 'node:timers/promises'
import { ApiError, ConnectionError } from '@launchtail/client'
import { backOff, withDeadline } from '@launchtail/client/async'

const BACK_OFF = { first: 200, longest: 5000 }
/** For how long a server that is away is asked again, in milliseconds. */
const PATIENCE = 60_000
/** Only a server that hangs or a dead connection takes longer. */
const ANSWER_TIMEOUT = 10_000

/** Calls the server until it answers. Throws its refusal, or the last error after a minute. */
export async function insist<T>(
  act: (signal: AbortSignal) => Promise<T>,
  patience = PATIENCE,
): Promise<T> {
  const since = performance.now()
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await withDeadline(ANSWER_TIMEOUT, undefined, act)
    } catch (error) {
      if (!isPassing(error) || performance.now() - since > patience) throw error
    }
    await pause(backOff(attempt, BACK_OFF))
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof ApiError) return error.isPassing
  return error instanceof ConnectionError || (error as Error).name === 'TimeoutError'
}
