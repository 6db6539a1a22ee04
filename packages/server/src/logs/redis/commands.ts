import type { Redis } from 'ioredis'
import { StorageUnavailable } from '../../errors.js'
import type { Health } from './health.js'
import { COMMAND_TIMEOUT, isTimeout, withTimeout } from './time-out.js'

/** The connection that commands go through. */
export interface Commands {
  readonly redis: Redis
  /** A Cluster: each key is at one of several masters. */
  readonly sharded: boolean
  /** Whatever fails (gone, frozen, READONLY, LOADING, OOM …) is thrown as StorageUnavailable. */
  attempt<T>(act: () => Promise<T>): Promise<T>
  /** Ends by the time-out of a command. */
  inTime<T>(promise: Promise<T>): Promise<T>
}

export interface CommandsOptions {
  redis: Redis
  sharded: boolean
  health: Health
}

export function createCommands({ redis, sharded, health }: CommandsOptions): Commands {
  return { redis, sharded, attempt, inTime }

  async function attempt<T>(act: () => Promise<T>): Promise<T> {
    // A caller that needs several answers of a frozen Redis waits for the first of them only.
    if (!health.isUp()) throw new StorageUnavailable('out of reach')
    try {
      return await inTime(act())
    } catch (error) {
      if (isTimeout(error)) health.lost()
      throw new StorageUnavailable(error)
    }
  }

  /** A Cluster's client has no time-out for commands that wait until it knows the masters. */
  function inTime<T>(promise: Promise<T>): Promise<T> {
    return sharded ? withTimeout(COMMAND_TIMEOUT, promise) : promise
  }
}
