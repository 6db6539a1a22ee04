import {
  CHECK_EVERY,
  checkAnswers,
  RETRY_EVERY,
  type RedisListener,
  type RedisListenerOptions,
} from './listener.js'
import { createShards } from './shards.js'

/**
 * A Cluster's sharded channels: one connection to each master that has a watched list. Any master
 * may be asked first; it names the right one by MOVED.
 */
export function clusterListener(options: RedisListenerOptions): RedisListener {
  const { subscribed, masters, onFault } = options
  const channels = new Set<string>()
  /** Channels that no shard has, or has been asked for. */
  const unassigned = new Set<string>()
  let turn = 0
  let closed = false
  const shards = createShards({
    ...options,
    onEnd(ended) {
      for (const channel of ended) if (channels.has(channel)) unassigned.add(channel)
    },
  })
  const checker = setInterval(() => {
    for (const { redis } of shards.all()) void checkAnswers(redis, onFault)
  }, CHECK_EVERY)
  const retrier = setInterval(() => {
    for (const channel of unassigned) void subscribe(channel)
  }, RETRY_EVERY)
  checker.unref()
  retrier.unref()
  return {
    connect: async () => {},
    add(channel) {
      channels.add(channel)
      void subscribe(channel)
    },
    delete(channel) {
      channels.delete(channel)
      unassigned.delete(channel)
      shards.leave(channel)
    },
    renew(channel) {
      shards.leave(channel)
      void subscribe(channel)
    },
    close() {
      closed = true
      clearInterval(checker)
      clearInterval(retrier)
      for (const { redis } of shards.all()) redis.disconnect()
    },
  }

  async function subscribe(channel: string, place = nextMaster(), hops = 0): Promise<void> {
    if (place === undefined) {
      unassigned.add(channel)
      return
    }
    unassigned.delete(channel)
    const shard = shards.at(place)
    try {
      shard.asked += 1
      await shard.redis.ssubscribe(channel).finally(() => {
        shard.asked -= 1
      })
      if (closed) return
      if (!channels.has(channel)) {
        await shard.redis.sunsubscribe(channel)
        return
      }
      shard.channels.add(channel)
      subscribed(channel)
    } catch (error) {
      if (closed || !channels.has(channel)) return
      const moved = /^MOVED \d+ (\S+)$/.exec((error as Error).message)?.[1]
      if (moved && hops < 3) return subscribe(channel, moved, hops + 1)
      unassigned.add(channel)
      onFault('redis subscribe', error)
    }
  }

  /** One master after the other, so that one that is away is not asked for ever. */
  function nextMaster(): string | undefined {
    const places = masters()
    turn += 1
    return places[turn % places.length]
  }
}
