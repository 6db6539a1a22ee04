import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { keys } from './keys.js'
import { checkAnswers, type RedisListenerOptions } from './listener.js'

/**
 * Finds a connection that hears nothing. After a failover, the one to the old master stays open
 * and answers, yet nothing is announced there. So a process tells itself something at each check,
 * and must have heard it by the next.
 */
export interface Echo {
  check(): Promise<void>
  /** Takes note of a message on this channel. True if it was our own. */
  heard(channel: string): boolean
}

export function createEcho(
  redis: Redis,
  { announce, onFault }: Pick<RedisListenerOptions, 'announce' | 'onFault'>,
): Echo {
  const own = keys.echo(randomUUID())
  let subscribed = false
  let returned = true
  redis.on('ready', () => {
    returned = true
    subscribed = false
    redis.subscribe(own).then(
      () => {
        subscribed = true
      },
      (error) => onFault('redis subscribe', error),
    )
  })
  return { check, heard }

  async function check(): Promise<void> {
    if (redis.status !== 'ready') return
    if (!returned) {
      onFault('redis subscriber hears nothing, connecting again')
      redis.disconnect(true)
      return
    }
    await checkAnswers(redis, onFault)
    if (!subscribed) return
    try {
      returned = false
      await announce(own, '')
    } catch {
      // Redis is out of reach, which the polls report; it proves nothing about the subscriber.
      returned = true
    }
  }

  function heard(channel: string): boolean {
    if (channel !== own) return false
    returned = true
    return true
  }
}
