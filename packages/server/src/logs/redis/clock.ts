import type { Redis } from 'ioredis'

/** Redis's clock, by which a script knows its deadline. */
export interface RedisClock {
  /** The time on Redis's clock (ms since 1970) at a time on our monotonic one. */
  at(time: number): Promise<number>
  /** Reads Redis's clock again at the next use. */
  forget(): void
}

export function redisClock(redis: Redis): RedisClock {
  /** Redis's clock less our monotonic one. */
  let offset: number | undefined
  // Another server may answer by now.
  redis.on('ready', forget)
  return { at, forget }

  async function at(time: number): Promise<number> {
    if (offset === undefined) {
      const [seconds, micros] = await redis.time()
      offset = Number(seconds) * 1000 + Number(micros) / 1000 - performance.now()
    }
    return Math.floor(offset + time)
  }

  function forget(): void {
    offset = undefined
  }
}
