import type { Redis } from 'ioredis'
import { connectionToNode } from './connect.js'
import type { RedisListenerOptions } from './listener.js'

/** A connection that listens to one master of a Cluster. */
export interface Shard {
  readonly redis: Redis
  readonly channels: Set<string>
  /** Subscriptions that are asked for and not answered. */
  asked: number
}

export interface Shards {
  all(): Iterable<Shard>
  /** The shard at a master, `host:port`; it is connected when something is asked of it. */
  at(place: string): Shard
  /** Ends the subscription, and the connection with the last one of them. */
  leave(channel: string): void
}

export interface ShardsOptions extends Pick<RedisListenerOptions, 'address' | 'heard' | 'onFault'> {
  /** Called when a connection has ended, with the channels that were heard there. */
  onEnd: (channels: Iterable<string>) => void
}

export function createShards({ address, heard, onEnd, onFault }: ShardsOptions): Shards {
  const shards = new Map<string, Shard>()
  return { all: () => shards.values(), at, leave }

  function at(place: string): Shard {
    const known = shards.get(place)
    if (known) return known
    const colon = place.lastIndexOf(':')
    const redis = connectionToNode(address, place.slice(0, colon), Number(place.slice(colon + 1)))
    const shard: Shard = { redis, channels: new Set(), asked: 0 }
    shards.set(place, shard)
    redis.on('error', (error) => onFault('redis subscriber', error))
    // A master that loses a slot ends that slot's subscriptions by itself. It says so in the same
    // way as it answers for a channel that is another master's.
    redis.on('moved', () => {
      if (shard.asked === 0) redis.disconnect()
    })
    redis.on('smessage', heard)
    redis.on('end', () => {
      shards.delete(place)
      onEnd(shard.channels)
    })
    return shard
  }

  function leave(channel: string): void {
    for (const [place, { redis, channels }] of shards) {
      if (!channels.delete(channel)) continue
      redis.sunsubscribe(channel).catch((error) => onFault('redis unsubscribe', error))
      if (channels.size > 0) continue
      shards.delete(place)
      void redis.quit().catch(() => redis.disconnect())
    }
  }
}
