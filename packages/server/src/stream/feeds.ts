import { getHeapStatistics } from 'node:v8'
import type { NodeRecord } from '@launchtail/client/protocol'
import { stopping } from '../errors.js'
import type { ReadText } from '../logs/entry-text.js'
import { createFanout, type Fanout, type FanoutOptions } from './fanout.js'
import { type Feed, type FeedListener, openFeed } from './feed/feed.js'
import type { WatchedStore } from './past-store.js'
import { startTicks } from './ticks.js'

/** The nodes that are being watched: one feed for each, whatever the number of readers. */
export interface Feeds {
  /** Opens the node's feed, or takes the open one. It stays open during `act`, and for readers. */
  use<T>(nodeId: string, act: (watched: Watched) => Promise<T>): Promise<T>
  /** Opens the node's feed in the same way, until `close`. The listener is called after the readers. */
  listen(nodeId: string, listener: FeedListener): Promise<Listening>
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

export interface Listening {
  readonly feed: Feed
  close(): void
}

export interface FeedsOptions extends Omit<FanoutOptions, 'onGone'> {
  store: WatchedStore
  readText: ReadText
  /** A node's record with all entries up to this length of its list. */
  recordAt: (nodeId: string, length: number) => Promise<NodeRecord | undefined>
  onSkipped?: (nodeId: string) => void
}

interface Kept {
  readonly fanout: Fanout
  readonly listeners: Set<FeedListener>
  readonly opening: Promise<Watched>
  /** Once it is open. */
  watched?: Watched
  users: number
}

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
  const ticks = startTicks(async (slices) => {
    for (const { fanout } of [...byNode.values()]) {
      if (slices.isOver()) await slices.next()
      await fanout.tick(slices)
    }
  }, options)
  return { use, listen, opened, readers, drain }

  async function use<T>(nodeId: string, act: (watched: Watched) => Promise<T>): Promise<T> {
    const kept = keep(nodeId)
    kept.users += 1
    try {
      return await act(await kept.opening)
    } finally {
      kept.users -= 1
      closeUnused(nodeId)
    }
  }

  async function listen(nodeId: string, listener: FeedListener): Promise<Listening> {
    const kept = keep(nodeId)
    kept.listeners.add(listener)
    const close = () => {
      if (kept.listeners.delete(listener)) closeUnused(nodeId)
    }
    try {
      const { feed } = await kept.opening
      return { feed, close }
    } catch (error) {
      close()
      throw error
    }
  }

  function keep(nodeId: string): Kept {
    if (draining) throw stopping()
    const kept = byNode.get(nodeId) ?? open(nodeId)
    byNode.set(nodeId, kept)
    return kept
  }

  function open(nodeId: string): Kept {
    const fanout = createFanout({ ...options, onGone: () => closeUnused(nodeId) })
    const listeners = new Set<FeedListener>()
    const opening = openFeed({
      nodeId,
      store,
      readText,
      recordAt: (length) => recordAt(nodeId, length),
      listener: listenerOf(fanout, listeners),
      share,
      isShared: () => fanout.size() + listeners.size > 1,
      ...(onSkipped && { onSkipped }),
    })
    const attached = opening.then((feed) => {
      fanout.attach(feed)
      kept.watched = { feed, fanout }
      return kept.watched
    })
    const kept: Kept = { fanout, listeners, opening: attached, users: 0 }
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
    if (!kept || kept.users + kept.listeners.size + kept.fanout.size() > 0) return
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

  async function drain(over: number): Promise<void> {
    draining = true
    await Promise.all([...byNode.values()].map(({ fanout }) => fanout.drain(over)))
    await ticks.stop()
  }
}

/** The readers of the one log first. */
function listenerOf(fanout: Fanout, listeners: ReadonlySet<FeedListener>): FeedListener {
  const tell = (say: (listener: FeedListener) => void) => {
    say(fanout.listener)
    for (const listener of [...listeners]) say(listener)
  }
  return {
    grown: () => tell((listener) => listener.grown()),
    replaced: () => tell((listener) => listener.replaced()),
    removed: () => tell((listener) => listener.removed()),
    lost: () => tell((listener) => listener.lost()),
    found: () => tell((listener) => listener.found()),
  }
}
