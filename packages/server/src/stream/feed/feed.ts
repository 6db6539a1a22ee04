import type { Cursor, NodeRecord, Phase } from '@launchtail/client/protocol'
import type { ReadText } from '../../logs/entry-text.js'
import { createLookBack, UNKNOWN_TIME } from '../../logs/in-context.js'
import type { LaunchEnd } from '../../logs/launch-end.js'
import type { WatchedStore } from '../past-store.js'
import { createAtHand } from './at-hand.js'
import { cursorOf, type Item, itemReader } from './item.js'
import { newestReader } from './newest.js'
import { createReading } from './reading.js'
import { createSync } from './sync.js'

/** Called with what happens to the list. */
export interface FeedListener {
  grown(): void
  /** The list has become another one. All that the feed now has is new to every reader. */
  replaced(): void
  removed(): void
  lost(): void
  found(): void
}

/** One node's list as this process watches it: its newest entries, and where it ends. */
export interface Feed {
  /** The number of entries in the list. */
  length(): number
  newest(): Item | undefined
  /** The phase of the newest entry; undefined where there is none. */
  phase(): Phase | undefined
  /** How the launch has ended, by all the list's entries; undefined while it goes on. */
  end(): LaunchEnd | undefined
  /** The cursor of a reader that has seen all. */
  tip(): Cursor
  /** True if the storage answers, as far as is known. */
  reachable(): boolean
  /**
   * The entries from an index on, at most `limit`, from memory or else from the store; fewer only
   * where there are no more, or where they are large. Readers that ask for the same at once share one read.
   */
  read(from: number, limit: number): Item[] | Promise<Item[]>
  /** The entries that end right before an index, at most `limit`, oldest first. */
  readBefore(to: number, limit: number): Item[] | Promise<Item[]>
  /** All entries after an index; undefined where memory does not go back so far. */
  newer(index: number): Item[] | undefined
  /** Looks at the store now. Ends when the feed agrees with it. */
  sync(): Promise<void>
  /** Drops from memory what is more than its share by now. */
  trim(): void
  close(): void
}

export interface FeedOptions {
  nodeId: string
  store: WatchedStore
  /** Reads a stored text; undefined for one that is no entry. */
  readText: ReadText
  /** The node's record with all entries up to this length of its list. */
  recordAt: (length: number) => Promise<NodeRecord | undefined>
  listener: FeedListener
  /**
   * The bytes of memory its newest entries may take. Asked anew at each use, because all feeds
   * share what there is. The newest entry is kept in any case.
   */
  share: () => number
  /** True if it has more than one reader. */
  isShared: () => boolean
  onSkipped?: (nodeId: string) => void
}

/** Opens the feed of a node. Ends when it knows the list, so a failing store is told at once. */
export async function openFeed(options: FeedOptions): Promise<Feed> {
  const {
    nodeId,
    store,
    readText,
    recordAt,
    listener,
    share,
    isShared,
    onSkipped = () => {},
  } = options
  const createdAt = async () => (await recordAt(0))?.created_at ?? UNKNOWN_TIME
  const lookBack = createLookBack({ store, readText, nodeId, createdAt })
  const read = itemReader({ nodeId, readText, lookBack, onSkipped: () => onSkipped(nodeId) })
  const atHand = createAtHand({ read, share })
  const { grown: onGrown, replaced: onReplaced } = listener
  const readNewest = newestReader({ read, recordAt })
  const sync = createSync({ nodeId, store, atHand, readNewest, onGrown, onReplaced })
  let reachable = true
  // Watched before it is loaded, so that nothing comes in between unseen.
  const unwatch = store.watch(nodeId, {
    position: () => atHand.length() - 1,
    appended({ index, previous, texts }) {
      if (!sync.isOpen()) sync.soon()
      else if (atHand.isContinuedBy(index, previous)) grow(texts)
      // The poll came before the announcement, or after it: what is known is passed over.
      else if (atHand.agrees(index, texts)) grow(texts.slice(atHand.length() - index))
      else sync.soon()
    },
    changed: sync.soon,
    removed: listener.removed,
    lost() {
      reachable = false
      listener.lost()
    },
    found() {
      reachable = true
      listener.found()
      sync.soon()
    },
  })
  try {
    await sync.open()
  } catch (error) {
    unwatch()
    throw error
  }
  const { replacements } = sync
  const reading = createReading({ nodeId, store, atHand, read, replacements, isShared })
  return {
    length: atHand.length,
    newest: atHand.newest,
    phase: atHand.phase,
    end: atHand.end,
    tip: () => cursorOf(atHand.newest()),
    reachable: () => reachable,
    read: reading.read,
    readBefore: reading.readBefore,
    newer: (index) => atHand.from(index + 1),
    sync: sync.now,
    trim() {
      atHand.trim()
      reading.trim()
    },
    close() {
      sync.close()
      unwatch()
    },
  }

  function grow(texts: readonly string[]): void {
    if (texts.length === 0) return
    atHand.append(texts)
    onGrown()
  }
}
