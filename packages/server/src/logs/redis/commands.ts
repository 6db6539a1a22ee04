import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { StorageUnavailable } from '../../errors.js'
import type { Health } from './health.js'
import { COMMAND_TIMEOUT, isTimeout, withTimeout } from './time-out.js'

/** The connection that commands go through. */
export interface Commands {
  readonly redis: Redis
  /** A Cluster: each key is at one of several masters. */
  readonly sharded: boolean
  /**
   * Whatever fails (gone, frozen, READONLY, LOADING, OOM …) is thrown as StorageUnavailable. Where
   * the connection is cut, `act` is called again once it has been made anew, with `isAgain`: it may
   * have taken effect before.
   */
  attempt<T>(act: (isAgain: boolean) => Promise<T>, options?: AttemptOptions): Promise<T>
  /** Ends by the time-out of a command. */
  inTime<T>(promise: Promise<T>): Promise<T>
}

export interface AttemptOptions {
  /** False where having taken effect twice would do harm. */
  canRepeat?: boolean
}

export interface CommandsOptions {
  redis: Redis
  sharded: boolean
  health: Health
}

/** Milliseconds until a cut connection is known to be one. */
const PAUSE = 10

export function createCommands({ redis, sharded, health }: CommandsOptions): Commands {
  return { redis, sharded, attempt, inTime }

  async function attempt<T>(
    act: (isAgain: boolean) => Promise<T>,
    { canRepeat = true }: AttemptOptions = {},
  ): Promise<T> {
    const deadline = performance.now() + COMMAND_TIMEOUT
    let isAgain = false
    for (let isLate = false; ; isAgain = isLate = true) {
      try {
        if (!health.isUp()) {
          isLate = true
          await health.back(deadline)
        }
        return await (isLate
          ? withTimeout(deadline - performance.now(), act(isAgain))
          : inTime(act(isAgain)))
      } catch (error) {
        if (isTimeout(error)) health.lost()
        if (!isCut(error) || !canRepeat || performance.now() + PAUSE >= deadline) {
          throw new StorageUnavailable(error)
        }
      }
      await sleep(PAUSE)
    }
  }

  /** A Cluster's client has no time-out for commands that wait until it knows the masters. */
  function inTime<T>(promise: Promise<T>): Promise<T> {
    return sharded ? withTimeout(COMMAND_TIMEOUT, promise) : promise
  }
}

/** True where the connection ended before the answer came. */
function isCut(error: unknown): boolean {
  return error instanceof Error && CUT.test(error.message)
}

const CUT =
  /^(?:Connection is closed|Stream isn't writeable|Reached the max retries per request|read ECONNRESET|write EPIPE)/
