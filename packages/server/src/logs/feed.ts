import { type Cursor, type LogEntry, START } from '@launchtail/client/protocol'
import { checkOf } from './check.js'
import { lastEventOf } from './events.js'
import type { LogStore, Watcher } from './store.js'

/** An entry of a watched list, parsed at most once in this process. */
export interface Item {
  readonly index: number
  readonly text: string
  readonly check: string
  /** Undefined where the text is no entry: another program wrote it. It is skipped. */
  readonly entry: LogEntry | undefined
  /** Framed for each view that needed it, by the view's number. */
  readonly frames: (string | undefined)[]
}

/** Told of what happens to the list. */
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
  readonly nodeId: string
  /** How many entries the list has. */
  length(): number
  newest(): Item | undefined
  /** The cursor of a reader that has seen all. */
  tip(): Cursor
  /** Whether the storage answers, as far as is known. */
  reachable(): boolean
  /**
   * The entries from an index on, at most `limit`, from memory or else from the store; fewer only
   * at the list's end. Readers that ask for the same at once share one read.
   */
  read(from: number, limit: number): Item[] | Promise<Item[]>
  /** Looks at the store now. Ends when the feed agrees with it. */
  sync(): Promise<void>
  close(): void
}

export interface FeedOptions {
  nodeId: string
  store: LogStore
  /** Reads a stored text; undefined for one that is no entry. */
  readText: (text: string) => LogEntry | undefined
  listener: FeedListener
  onSkipped?: (nodeId: string) => void
}

/** The newest entries kept in memory, so that most readers' history costs no read. */
const WINDOW_ENTRIES = 2000
const WINDOW_BYTES = 1024 * 1024
/** What is loaded at first: the default tail and some more. */
const FIRST_LOAD = 256
const PAGE = 500

/** Opens the feed of a node. Ends when it knows the list, so a failing store is told at once. */
export async function openFeed({
  nodeId,
  store,
  readText,
  listener,
  onSkipped = () => {},
}: FeedOptions): Promise<Feed> {
  let items: Item[] = []
  let bytes = 0
  /** The list's length; `items` are the last of it. */
  let length = 0
  let reachable = true
  let open = true
  /** Counts what changes the feed, so that a read knows whether it is still of the same feed. */
  let changes = 0
  let loaded = false
  let syncing: Promise<void> | undefined
  let syncAgain = false
  const reads = new Map<string, Promise<Item[]>>()
  const watcher: Watcher = {
    position: () => length - 1,
    appended,
    changed: () => void quietly(sync()),
    removed: () => listener.removed(),
    lost() {
      reachable = false
      listener.lost()
    },
    found() {
      reachable = true
      listener.found()
      void quietly(sync())
    },
  }
  // Watched before it is loaded: nothing can come in between unseen.
  const unwatch = store.watch(nodeId, watcher)
  try {
    await load()
  } catch (error) {
    unwatch()
    throw error
  }
  if (syncAgain) void quietly(sync())

  return {
    nodeId,
    length: () => length,
    newest: () => items.at(-1),
    tip: () => cursorOf(items.at(-1)),
    reachable: () => reachable,
    read,
    sync,
    close() {
      open = false
      unwatch()
    },
  }

  async function load(): Promise<void> {
    const end = await store.length(nodeId)
    const from = Math.max(0, end - FIRST_LOAD)
    // To the list's end as it is then, not as it was when it was measured.
    const texts = end === 0 ? [] : await store.read(nodeId, from, FIRST_LOAD + PAGE)
    items = []
    bytes = 0
    // It was removed since it was measured.
    length = texts.length === 0 ? 0 : from
    changes += 1
    take(texts)
    loaded = true
  }

  function take(texts: readonly string[]): void {
    for (const text of texts) {
      const item = itemOf(length, text)
      items.push(item)
      bytes += text.length
      length += 1
    }
    changes += 1
    if (items.length <= WINDOW_ENTRIES && bytes <= WINDOW_BYTES) return
    let drop = 0
    // Always keeps the newest, which tells where the list goes on; and drops many at once.
    while (
      drop < items.length - 1 &&
      (items.length - drop > WINDOW_ENTRIES / 2 || bytes > WINDOW_BYTES / 2)
    ) {
      bytes -= items[drop]?.text.length ?? 0
      drop += 1
    }
    items = items.slice(drop)
  }

  function itemOf(index: number, text: string): Item {
    const entry = readText(text)
    if (!entry) onSkipped(nodeId)
    return { index, text, check: checkOf(text), entry, frames: [] }
  }

  function appended({ index, previous, texts }: Parameters<Watcher['appended']>[0]): void {
    if (!open) return
    if (!loaded) {
      syncAgain = true
      return
    }
    const continues =
      previous !== undefined && index === length && previous === (items.at(-1)?.check ?? '0')
    if (continues) {
      grow(texts)
      return
    }
    // The poll was quicker, or the news: what is known already is passed over.
    const known = length - index
    if (known >= 0 && known <= texts.length && agrees(index, texts)) {
      grow(texts.slice(known))
    } else void quietly(sync())
  }

  /** Whether the texts from `index` on are those the feed has there, as far as it has them. */
  function agrees(index: number, texts: readonly string[]): boolean {
    if (length > 0 && index >= length) return false
    const base = length - items.length
    for (let i = Math.max(index, base); i < length; i += 1) {
      if (items[i - base]?.text !== texts[i - index]) return false
    }
    return true
  }

  function grow(texts: readonly string[]): void {
    if (texts.length === 0) return
    take(texts)
    listener.grown()
  }

  function sync(): Promise<void> {
    if (!loaded) {
      // What is read now would be taken twice, once by the load that is under way.
      syncAgain = true
      return Promise.resolve()
    }
    if (syncing) {
      syncAgain = true
      return syncing
    }
    syncing = look().finally(() => {
      syncing = undefined
    })
    return syncing
  }

  async function look(): Promise<void> {
    do {
      syncAgain = false
      for (;;) {
        if (!open) return
        const before = changes
        const from = Math.max(0, length - 1)
        const texts = await store.read(nodeId, from, PAGE)
        // News came during the read; what was read may be older than they are.
        if (changes !== before) {
          syncAgain = true
          break
        }
        const newest = items.at(-1)
        if (newest && texts[0] !== newest.text) {
          await replace()
          // What came while it was loaded anew is found by looking once more.
          syncAgain = true
          break
        }
        grow(newest ? texts.slice(1) : texts)
        if (texts.length < PAGE) break
      }
    } while (syncAgain)
  }

  async function replace(): Promise<void> {
    await load()
    listener.replaced()
  }

  function read(from: number, limit: number): Item[] | Promise<Item[]> {
    const base = length - items.length
    if (from >= base) return items.slice(from - base, from - base + limit)
    const key = `${from} ${limit} ${changes}`
    const shared = reads.get(key)
    if (shared) return shared
    const reading = store
      .read(nodeId, from, Math.min(limit, PAGE))
      .then((texts) => texts.map((text, i) => itemOf(from + i, text)))
      .finally(() => reads.delete(key))
    reads.set(key, reading)
    return reading
  }

  /** A store that fails is told through `lost`; the next news or the next poll looks again. */
  async function quietly(promise: Promise<void>): Promise<void> {
    await promise.catch(() => {})
  }
}

/** The cursor of a reader that has seen everything up to and with an entry. */
export function cursorOf(item: Item | undefined): Cursor {
  if (!item) return START
  const event = item.entry ? lastEventOf(item.entry) : 'log'
  return { index: item.index, check: item.check, event }
}
