import { getHeapStatistics } from 'node:v8'
import type { NodeRecord } from '@launchtail/client/protocol'
import { stopping } from '../errors.js'
import type { ReadText } from '../logs/entry-text.js'
import type { LogStore } from '../logs/store.js'
import { createFanout, type Fanout, type FanoutOptions } from './fanout.js'
import { type Feed, openFeed } from './feed/feed.js'

/** The nodes that are being watched: one feed for each, whatever the number of readers. */
export interface Feeds {
  /** Opens the node's feed, or takes the open one. It stays open during `act`, and for readers. */
  use<T>(nodeId: string, act: (watched: Watched) => Promise<T>): Promise<T>
  /** The node's feed if it is open, with readers. */
  opened(nodeId: string): Watched | undefined
  /** The number of readers of all feeds. */
  readers(): number
  /** Ends all streams, evenly over so many milliseconds. */
  drain(over: number): Promise<void>
}

export interface Watched {
  readonly feed: Feed
  readonly fanout: Fanout
}

export interface FeedsOptions extends Omit<FanoutOptions, 'onGone'> {
  store: LogStore
  readText: ReadText
  /** A node's record with all entries up to this length of its list. */
  recordAt: (nodeId: string, length: number) => Promise<NodeRecord | undefined>
  onSkipped?: (nodeId: string) => void
}

interface Kept {
  readonly fanout: Fanout
  readonly opening: Promise<Watched>
  /** Once it is open. */
  watched?: Watched
  users: number
}

const TICK = 1000
/**
 * A node's entries in memory take at most so many bytes. Those of all nodes take 32 MiB, or a tenth
 * of a small heap: with 200 MB, of 100 nodes, the collector took a core for 300 ms at a time.
 */
const NODE_SHARE = 8 * 1024 * 1024
const LEAST_SHARE = 16 * 1024
const ALL_SHARES = Math.min(32 * 1024 * 1024, getHeapStatistics().heap_size_limit / 10)

export function createFeeds(feedsOptions: FeedsOptions): Feeds {
  const { store, readText, recordAt, onSkipped, ...options } = feedsOptions
  const byNode = new Map<string, Kept>()
  let draining = false
  const ticker = setInterval(tick, Math.min(TICK, options.heartbeat / 4))
  ticker.unref()
  return { use, opened, readers, drain }

  async function use<T>(nodeId: string, act: (watched: Watched) => Promise<T>): Promise<T> {
    if (draining) throw stopping()
    let kept = byNode.get(nodeId)
    if (!kept) {
      kept = open(nodeId)
      byNode.set(nodeId, kept)
    }
    kept.users += 1
    try {
      return await act(await kept.opening)
    } finally {
      kept.users -= 1
      closeUnused(nodeId)
    }
  }

  function open(nodeId: string): Kept {
    const fanout = createFanout({ ...options, onGone: () => closeUnused(nodeId) })
    const { listener } = fanout
    const opening = openFeed({
      nodeId,
      store,
      readText,
      recordAt: (length) => recordAt(nodeId, length),
      listener,
      share,
      isShared: () => fanout.size() > 1,
      ...(onSkipped && { onSkipped }),
    })
    const attached = opening.then((feed) => {
      fanout.attach(feed)
      kept.watched = { feed, fanout }
      return kept.watched
    })
    const kept: Kept = { fanout, opening: attached, users: 0 }
    return kept
  }

  function opened(nodeId: string): Watched | undefined {
    const watched = draining ? undefined : byNode.get(nodeId)?.watched
    return watched && watched.fanout.size() > 0 ? watched : undefined
  }

  function share(): number {
    return Math.min(NODE_SHARE, Math.max(LEAST_SHARE, ALL_SHARES / byNode.size))
  }

  function closeUnused(nodeId: string): void {
    const kept = byNode.get(nodeId)
    if (!kept || kept.users > 0 || kept.fanout.size() > 0) return
    byNode.delete(nodeId)
    kept.opening.then(
      ({ feed }) => feed.close(),
      // It never opened, and its callers were told why.
      () => {},
    )
  }

  function readers(): number {
    let sum = 0
    for (const { fanout } of byNode.values()) sum += fanout.size()
    return sum
  }

  function tick(): void {
    for (const { fanout } of [...byNode.values()]) fanout.tick()
  }

  async function drain(over: number): Promise<void> {
    draining = true
    await Promise.all([...byNode.values()].map(({ fanout }) => fanout.drain(over)))
    clearInterval(ticker)
  }
}
