import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { connectionTo, connectionToNode } from './connect.js'
import { keys } from './keys.js'
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
  /** What was announced until now may have been missed: the channel is subscribed to anew. */
  subscribed: (channel: string) => void
  /** Announces something, by the connection that appends. */
  announce: (channel: string, message: string) => Promise<unknown>
  /** The masters of a Cluster, `host:port` each, as far as they are known. */
  masters: () => string[]
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
function oneListener({
  address,
  heard,
  subscribed,
  announce,
  onFault,
}: RedisListenerOptions): RedisListener {
  const redis = connectionTo(address)
  /** What this process says to itself, to know that it hears what is announced. */
  const echo = keys.echo(randomUUID())
  let hearing = false
  let echoed = true
  const channels = new Set<string>()
  /** Those whose subscription could not be asked for, or was not answered. */
  const failed = new Set<string>()
  const checker = setInterval(() => void hearOneself(), CHECK_EVERY)
  const trier = setInterval(() => {
    if (redis.status === 'ready') for (const channel of failed) subscribe(channel)
  }, TRY_EVERY)
  checker.unref()
  trier.unref()
  redis.on('error', (error) => onFault('redis subscriber', error))
  redis.on('ready', () => {
    echoed = true
    hearing = false
    redis.subscribe(echo).then(
      () => {
        hearing = true
      },
      (error) => onFault('redis subscribe', error),
    )
    for (const channel of channels) subscribed(channel)
  })
  redis.on('message', (channel, message) => {
    if (channel === echo) echoed = true
    else heard(channel, message)
  })
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

  /**
   * A connection can be open, answer, and yet hear nothing: that to an old master, after another
   * has taken over. What was announced at the last check must have come by now.
   */
  async function hearOneself(): Promise<void> {
    if (redis.status !== 'ready') return
    if (!echoed) {
      onFault('redis subscriber hears nothing, connecting again')
      redis.disconnect(true)
      return
    }
    await check(redis, onFault)
    if (!hearing) return
    try {
      echoed = false
      await announce(echo, '')
    } catch {
      echoed = true
      // Redis is out of reach: the polls tell so, and nothing follows for the subscriber.
    }
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
  /** Subscriptions that are asked for and not answered. */
  asked: number
}

/**
 * A Cluster's sharded channels: one connection to each master that has a watched list. Whichever
 * is asked first tells by MOVED whose a channel is.
 */
function clusterListener({
  address,
  heard,
  subscribed,
  masters,
  onFault,
}: RedisListenerOptions): RedisListener {
  const shards = new Map<string, Shard>()
  const channels = new Set<string>()
  /** Those that no shard has, or has been asked for. */
  const unassigned = new Set<string>()
  let turn = 0
  let closed = false
  const checker = setInterval(() => {
    for (const { redis } of shards.values()) void check(redis, onFault)
  }, CHECK_EVERY)
  const trier = setInterval(() => {
    for (const channel of unassigned) void subscribe(channel)
  }, TRY_EVERY)
  checker.unref()
  trier.unref()
  return {
    connect: async () => {},
    add(channel) {
      channels.add(channel)
      void subscribe(channel)
    },
    delete(channel) {
      channels.delete(channel)
      unassigned.delete(channel)
      leave(channel)
    },
    renew(channel) {
      leave(channel)
      void subscribe(channel)
    },
    close() {
      closed = true
      clearInterval(checker)
      clearInterval(trier)
      for (const { redis } of shards.values()) redis.disconnect()
    },
  }

  /** One master after the other, for one that is away must not be asked for ever. */
  function anyPlace(): string | undefined {
    const places = masters()
    turn += 1
    return places[turn % places.length]
  }

  async function subscribe(channel: string, place = anyPlace(), hops = 0): Promise<void> {
    if (place === undefined) {
      unassigned.add(channel)
      return
    }
    unassigned.delete(channel)
    const shard = shardAt(place)
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

  function shardAt(place: string): Shard {
    const known = shards.get(place)
    if (known) return known
    const colon = place.lastIndexOf(':')
    const redis = connectionToNode(address, place.slice(0, colon), Number(place.slice(colon + 1)))
    const shard: Shard = { redis, channels: new Set(), asked: 0 }
    shards.set(place, shard)
    redis.on('error', (error) => onFault('redis subscriber', error))
    // A slot has left this master, which then ends subscriptions that nobody asked it to end; told
    // in the same way as that a channel is another's.
    redis.on('moved', () => {
      if (shard.asked === 0) redis.disconnect()
    })
    redis.on('smessage', heard)
    redis.on('end', () => {
      shards.delete(place)
      for (const channel of shard.channels) if (channels.has(channel)) unassigned.add(channel)
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
