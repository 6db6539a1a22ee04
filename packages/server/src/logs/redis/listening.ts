import type { Redis } from 'ioredis'
import type { Watcher } from '../store.js'
import type { Watchers } from '../watchers.js'
import { clusterListener } from './cluster-listener.js'
import { mastersOf } from './connect.js'
import type { Health } from './health.js'
import { keys } from './keys.js'
import { singleListener } from './single-listener.js'
import type { RedisAddress } from './url.js'

/** The announcements of the watched lists. */
export interface Listening {
  connect(): Promise<void>
  watch(nodeId: string, watcher: Watcher): () => void
  /** The list had entries that were not announced. */
  missed(nodeId: string): void
  close(): void
}

export interface ListeningOptions {
  address: RedisAddress
  /** The connection for commands, through which a process tells itself something. */
  redis: Redis
  watchers: Watchers
  health: Health
  onFault: (message: string, error?: unknown) => void
}

/** Milliseconds in which a list's entries may come unannounced before it is subscribed to anew. */
const DEAF_AFTER = 10_000

export function createListening(options: ListeningOptions): Listening {
  const { address, redis, watchers, health, onFault } = options
  /** Watched lists that had unannounced entries, and since when. */
  const unannounced = new Map<string, number>()
  const listen = address.kind === 'cluster' ? clusterListener : singleListener
  const listener = listen({
    address,
    heard,
    // Entries between the watcher's own read and the subscription are found by reading again.
    subscribed(channel) {
      for (const watcher of watchers.of(nodeOf(channel))) watcher.changed()
    },
    announce: (channel, message) => redis.publish(channel, message),
    masters: () => mastersOf(redis),
    onFault,
  })
  return { connect: listener.connect, watch, missed, close: listener.close }

  function watch(nodeId: string, watcher: Watcher): () => void {
    const channel = keys.list(nodeId)
    const first = !isWatched(nodeId)
    watchers.add(nodeId, watcher)
    if (first) listener.add(channel)
    else watcher.changed()
    if (!health.isUp()) watcher.lost()
    return () => {
      watchers.delete(nodeId, watcher)
      if (isWatched(nodeId)) return
      unannounced.delete(nodeId)
      listener.delete(channel)
    }
  }

  function isWatched(nodeId: string): boolean {
    for (const _ of watchers.of(nodeId)) return true
    return false
  }

  /** A message is `<index> <previous check>`, then a line for each text: see `append-script.ts`. */
  function heard(channel: string, message: string): void {
    const nodeId = nodeOf(channel)
    unannounced.delete(nodeId)
    if (message === 'removed') {
      for (const watcher of watchers.of(nodeId)) watcher.removed()
      return
    }
    const [head = '', ...texts] = message.split('\n')
    const [index, previous] = head.split(' ')
    for (const watcher of watchers.of(nodeId)) {
      if (texts.length === 0 || !previous) watcher.changed()
      else watcher.appended({ index: Number(index), previous, texts })
    }
  }

  /** Another program wrote them without a word, or the subscription is deaf. */
  function missed(nodeId: string): void {
    const since = unannounced.get(nodeId)
    const now = performance.now()
    if (since !== undefined && now - since < DEAF_AFTER) return
    unannounced.set(nodeId, now)
    if (since === undefined) return
    onFault('redis subscription seems deaf, subscribing again')
    listener.renew(keys.list(nodeId))
  }
}

function nodeOf(channel: string): string {
  return channel.slice(keys.list('').length)
}
