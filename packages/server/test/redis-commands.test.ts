import type { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { StorageUnavailable } from '../src/errors.js'
import { createCommands } from '../src/logs/redis/commands.js'
import { createHealth } from '../src/logs/redis/health.js'
import { COMMAND_TIMEOUT } from '../src/logs/redis/time-out.js'
import { createWatchers } from '../src/logs/watchers.js'

// The time is the test's own. No Redis is asked: each command is a promise.

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

function start() {
  const health = createHealth(createWatchers())
  const commands = createCommands({ redis: {} as Redis, sharded: false, health })
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
})
