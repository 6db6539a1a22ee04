import type { Redis } from 'ioredis'
import type { RedisAddress } from '../redis-url.js'
import { connectionTo, connectionToNode } from './redis-connect.js'

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
  /** What was announced until now may have been missed: the channel is subscribed to anew. */
  subscribed: (channel: string) => void
  onFault: (message: string, error?: unknown) => void
}

/** How often a connection must show that it is alive. */
const CHECK_EVERY = 5000
/** How often what could not be subscribed to is tried again. */
const TRY_EVERY = 500

export function redisListener(options: RedisListenerOptions): RedisListener {
  return options.address.kind === 'cluster' ? clusterListener(options) : oneListener(options)
}

/** One connection, made again whenever it ends or is silent. */
function oneListener({ address, heard, subscribed, onFault }: RedisListenerOptions): RedisListener {
  const redis = connectionTo(address)
  const channels = new Set<string>()
  /** Those whose subscription could not be asked for, or was not answered. */
  const failed = new Set<string>()
  const checker = setInterval(() => void check(redis, onFault), CHECK_EVERY)
  const trier = setInterval(() => {
    if (redis.status === 'ready') for (const channel of failed) subscribe(channel)
  }, TRY_EVERY)
  checker.unref()
  trier.unref()
  redis.on('error', (error) => onFault('redis subscriber', error))
  redis.on('ready', () => {
    for (const channel of channels) subscribed(channel)
  })
  redis.on('message', heard)
  return {
    connect: () => redis.connect(),
    add(channel) {
      channels.add(channel)
      subscribe(channel)
    },
    delete(channel) {
      channels.delete(channel)
      failed.delete(channel)
      redis.unsubscribe(channel).catch((error) => onFault('redis unsubscribe', error))
    },
    renew(channel) {
      redis.unsubscribe(channel).then(
        () => channels.has(channel) && subscribe(channel),
        (error) => onFault('redis unsubscribe', error),
      )
    },
    close() {
      clearInterval(checker)
      clearInterval(trier)
      redis.removeAllListeners('message')
      redis.disconnect()
    },
  }

  function subscribe(channel: string): void {
    failed.delete(channel)
    redis.subscribe(channel).then(
      () => {
        if (channels.has(channel)) subscribed(channel)
      },
      (error) => {
        if (channels.has(channel)) failed.add(channel)
        onFault('redis subscribe', error)
      },
    )
  }
}

interface Shard {
  readonly redis: Redis
  readonly channels: Set<string>
}

/**
 * A Cluster's sharded channels: one connection to each master that has a watched list. Whichever
 * is asked first tells by MOVED whose a channel is.
 */
function clusterListener({
  address,
  heard,
  subscribed,
  onFault,
}: RedisListenerOptions): RedisListener {
  const shards = new Map<string, Shard>()
  const channels = new Set<string>()
  /** Those that no shard has, or has been asked for. */
  const homeless = new Set<string>()
  const seeds =
    address.kind === 'cluster' ? address.hosts.map(({ host, port }) => `${host}:${port}`) : []
  let seed = 0
  let closed = false
  const checker = setInterval(() => {
    for (const { redis } of shards.values()) void check(redis, onFault)
  }, CHECK_EVERY)
  const trier = setInterval(() => {
    for (const channel of homeless) void subscribe(channel, anyPlace())
  }, TRY_EVERY)
  checker.unref()
  trier.unref()
  return {
    connect: async () => {},
    add(channel) {
      channels.add(channel)
      void subscribe(channel, anyPlace())
    },
    delete(channel) {
      channels.delete(channel)
      homeless.delete(channel)
      leave(channel)
    },
    renew(channel) {
      leave(channel)
      void subscribe(channel, anyPlace())
    },
    close() {
      closed = true
      clearInterval(checker)
      clearInterval(trier)
      for (const { redis } of shards.values()) redis.disconnect()
    },
  }

  /** A master that is listened to already, else one after the other of those that are configured. */
  function anyPlace(): string {
    const [known] = shards.keys()
    if (known !== undefined && Math.random() < 0.5) return known
    seed += 1
    return seeds[seed % seeds.length] as string
  }

  async function subscribe(channel: string, place: string, hops = 0): Promise<void> {
    homeless.delete(channel)
    const shard = shardAt(place)
    try {
      await shard.redis.ssubscribe(channel)
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
      homeless.add(channel)
      onFault('redis subscribe', error)
    }
  }

  function shardAt(place: string): Shard {
    const known = shards.get(place)
    if (known) return known
    const colon = place.lastIndexOf(':')
    const redis = connectionToNode(address, place.slice(0, colon), Number(place.slice(colon + 1)))
    const shard: Shard = { redis, channels: new Set() }
    shards.set(place, shard)
    redis.on('error', (error) => onFault('redis subscriber', error))
    redis.on('smessage', heard)
    redis.on('end', () => {
      shards.delete(place)
      for (const channel of shard.channels) if (channels.has(channel)) homeless.add(channel)
    })
    return shard
  }

  function leave(channel: string): void {
    for (const [place, { redis, channels: subscribedTo }] of shards) {
      if (!subscribedTo.delete(channel)) continue
      redis.sunsubscribe(channel).catch((error) => onFault('redis unsubscribe', error))
      if (subscribedTo.size > 0) continue
      shards.delete(place)
      void redis.quit().catch(() => redis.disconnect())
    }
  }
}

/** A connection that is open but delivers nothing is as good as none: it is made anew. */
async function check(redis: Redis, onFault: RedisListenerOptions['onFault']): Promise<void> {
  if (redis.status !== 'ready') return
  try {
    await redis.ping()
  } catch (error) {
    onFault('redis subscriber is silent, connecting again', error)
    redis.disconnect(true)
  }
}
