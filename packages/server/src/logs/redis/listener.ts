import type { Redis } from 'ioredis'
import type { RedisAddress } from './url.js'

/** Subscriptions to exactly the channels that somebody watches. */
export interface RedisListener {
  connect(): Promise<void>
  add(channel: string): void
  delete(channel: string): void
  /** Subscribes anew to a channel that seems to be deaf. */
  renew(channel: string): void
  close(): void
}

export interface RedisListenerOptions {
  address: RedisAddress
  heard: (channel: string, message: string) => void
  /** A channel was subscribed to; what was announced before may have been missed. */
  subscribed: (channel: string) => void
  /** Announces something through the connection that appends. */
  announce: (channel: string, message: string) => Promise<unknown>
  /** The masters of a Cluster, `host:port` each, as far as they are known. */
  masters: () => string[]
  onFault: (message: string, error?: unknown) => void
}

/** Milliseconds within which a connection must show that it is alive. */
export const CHECK_EVERY = 5000
/** Milliseconds until a subscription that failed is retried. */
export const RETRY_EVERY = 500

/** Replaces a connection that is open but does not answer. */
export async function checkAnswers(
  redis: Redis,
  onFault: RedisListenerOptions['onFault'],
): Promise<void> {
  if (redis.status !== 'ready') return
  try {
    await redis.ping()
  } catch (error) {
    onFault('redis subscriber is silent, connecting again', error)
    redis.disconnect(true)
  }
}
