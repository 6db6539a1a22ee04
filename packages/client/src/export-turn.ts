import { ApiError } from './errors.js'
import { pause } from './pause.js'

export interface TurnOptions {
  signal?: AbortSignal | undefined
  /** Called before each pause in front of a busy server, with its milliseconds and the refusal. */
  onWait?: ((ms: number, refusal: ApiError) => void) | undefined
}

/** The shortest pause, and the one for a refusal that names none. */
const SHORTEST = 1000
const USUAL = 5000

/** The server makes few exports at a time, and refuses others with 429: asks again until it is our turn. */
export async function inTurn<T>(
  ask: () => Promise<T>,
  { signal, onWait = () => {} }: TurnOptions,
): Promise<T> {
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 429) throw error
      const ms = Math.max(SHORTEST, error.retryAfter ?? USUAL)
      onWait(ms, error)
      await pause(ms, signal)
    }
  }
}
