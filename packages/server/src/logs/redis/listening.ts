import type { Redis } from 'ioredis'
import type { Watcher } from '../store.js'
import type { Watchers } from '../watchers.js'
import { clusterListener } from './cluster-listener.js'
import { mastersOf } from './connect.js'
import type { Health } from './health.js'
import { keys } from './keys.js'
import { wasRemoved } from './removal.js'
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
/** Characters and lines of the longest announcement of our own, with some to spare. */
const LONGEST = 70_000
const MOST_LINES = 1500

export function createListening(options: ListeningOptions): Listening {
  const { address, redis, watchers, health, onFault } = options
  /** Watched lists that had unannounced entries, and since when. */
  const unannounced = new Map<string, number>()
  /** Lists whose removal is being looked into. */
  const asking = new Set<string>()
  const listen = address.kind === 'cluster' ? clusterListener : singleListener
  const listener = listen({
    address,
    heard,
    // Entries between the watcher's own read and the subscription are found by reading again.
    subscribed: (channel) => watchers.tell(nodeOf(channel), (watcher) => watcher.changed()),
    announce: (channel, message) => redis.publish(channel, message),
    masters: () => mastersOf(redis),
    onFault,
  })
  return { connect: listener.connect, watch, missed, close: listener.close }

  function watch(nodeId: string, watcher: Watcher): () => void {
    const channel = keys.list(nodeId)
    const first = !watchers.has(nodeId)
    watchers.add(nodeId, watcher)
    if (first) listener.add(channel)
    else watcher.changed()
    if (health.isToldLost()) watcher.lost()
    return () => {
      watchers.delete(nodeId, watcher)
      if (watchers.has(nodeId)) return
      unannounced.delete(nodeId)
      listener.delete(channel)
    }
  }

  /** A message is `<index> <previous check>`, then a line for each text: see `append-script.ts`. */
  function heard(channel: string, message: string): void {
    const nodeId = nodeOf(channel)
    unannounced.delete(nodeId)
    if (message === 'removed') {
      void heardOfRemoval(nodeId)
      return
    }
    // No announcement of ours is longer. It need not be believed to have the list looked at.
    const [head = '', ...texts] = message.length > LONGEST ? [] : message.split('\n', MOST_LINES)
    const [index, previous] = head.split(' ')
    const isWhole = texts.length > 0 && texts.length < MOST_LINES - 1
    watchers.tell(nodeId, (watcher) => {
      if (isWhole && previous) watcher.appended({ index: Number(index), previous, texts })
      else watcher.changed()
    })
  }

  /** Anybody who reaches Redis can say so. It is true where we have left a sign, and no list. */
  async function heardOfRemoval(nodeId: string): Promise<void> {
    if (asking.has(nodeId)) return
    asking.add(nodeId)
    try {
      const isTrue = await wasRemoved(redis, nodeId)
      watchers.tell(nodeId, (watcher) => {
        if (isTrue) watcher.removed()
        else watcher.changed()
      })
    } catch {
      // Redis is out of reach, which the polls report. When it is back, the list is looked at.
    } finally {
      asking.delete(nodeId)
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
