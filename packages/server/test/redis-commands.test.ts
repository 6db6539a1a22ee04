import type { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { StorageUnavailable } from '../src/errors.js'
import { createCommands } from '../src/logs/redis/commands.js'
import { createHealth } from '../src/logs/redis/health.js'
import { retryRefused } from '../src/logs/redis/refusals.js'
import { COMMAND_TIMEOUT } from '../src/logs/redis/time-out.js'
import { createWatchers } from '../src/logs/watchers.js'

// The time is the test's own. No Redis is asked: each command is a promise.

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

function start({ sharded = false } = {}) {
  const health = createHealth(createWatchers())
  const commands = createCommands({ redis: {} as Redis, sharded, health })
  return { health, ...commands }
}

describe('a command to Redis', () => {
  it('that waits for the connection has what is left of its time, and no second time', async () => {
    const { health, attempt } = start()
    health.cut()
    let ended: unknown
    const never = () => new Promise<void>(() => {})
    void attempt(never).catch((error) => {
      ended = error
    })
    await vi.advanceTimersByTimeAsync(1000)
    health.found()
    await vi.advanceTimersByTimeAsync(COMMAND_TIMEOUT - 1000)
    expect(ended).toBeInstanceOf(StorageUnavailable)
  })

  it('that is refused while the process is held up does not make Redis lost', async () => {
    vi.useRealTimers()
    const { health, attempt } = start({ sharded: true })
    let asked = 0
    const refused = async () => {
      asked += 1
      if (asked > 1) await new Promise(() => {})
      setImmediate(() => holdUp(COMMAND_TIMEOUT + 50))
      throw new Error('TRYAGAIN Multiple keys request during rehashing of slot')
    }
    const deadline = performance.now() + COMMAND_TIMEOUT - 100
    await expect(attempt(() => retryRefused(refused, deadline))).rejects.toThrow(StorageUnavailable)
    expect({ asked, isUp: health.isUp() }).toEqual({ asked: 1, isUp: true })
  })
})

/** Nothing else is done meanwhile, as on a machine that has no time for the process. */
function holdUp(ms: number): void {
  for (const since = performance.now(); performance.now() - since < ms; );
}
