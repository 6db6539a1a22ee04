import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Cursor, type LogEntry, START } from '@launchtail/client/protocol'
import { checkOf } from '../logs/check.js'
import { lastEventOf } from '../logs/events.js'
import type { LogStore, Watcher } from '../logs/store.js'

/** An entry of a watched list, parsed at most once in this process. */
export interface Item {
  readonly index: number
  readonly text: string
  readonly check: string
  /** Undefined where the text is no entry: another program wrote it. It is skipped. */
  readonly entry: LogEntry | undefined
  /** Framed once in each format that a reader asked for. */
  readonly frames: { [format in FormatName]?: EntryFrames }
}

export type FormatName = 'sse' | 'ndjson' | 'text'

/** An entry's events as they are written: that which filters hide, and those that always come. */
export interface EntryFrames {
  readonly log: string
  readonly others: string
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
  store: LogStore
  /** Reads a stored text; undefined for one that is no entry. */
  readText: (text: string) => LogEntry | undefined
  listener: FeedListener
  /**
   * How many bytes of memory its newest entries may take, asked anew at each use, so that many
   * feeds share what there is. The newest one is kept in any case.
   */
  share: () => number
  onSkipped?: (nodeId: string) => void
}

/** What is loaded at first: the default tail and some more. */
const FIRST_LOAD = 256
const PAGE = 500
/** An entry in memory: its text, parsed and framed, and the objects around it. */
const SIZE_FACTOR = 3
const SIZE_MORE = 300
/** How full its share is left when entries are dropped, and how full a reader's history makes it. */
const FILL = 0.75

/** Opens the feed of a node. Ends when it knows the list, so a failing store is told at once. */
export async function openFeed({
  nodeId,
  store,
  readText,
  listener,
  share,
  onSkipped = () => {},
}: FeedOptions): Promise<Feed> {
  let items: Item[] = []
  let bytes = 0
  /** The list's length; `items` are the last of it, without a hole. */
  let length = 0
  let reachable = true
  let open = true
  /** Counts what changes the feed, so that a read knows whether it is still of the same feed. */
  let changes = 0
  /** Counts the lists there were. */
  let replacements = 0
  let loaded = false
  let syncing: Promise<void> | undefined
  let syncAgain = false
  const reads = new Map<string, Promise<Item[]>>()
  let extending: Promise<void> | undefined
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
    newer,
    sync,
    trim,
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
      items.push(itemOf(length, text))
      bytes += sizeOf(text)
      length += 1
    }
    changes += 1
    trim()
  }

  function trim(): void {
    const room = share()
    if (bytes <= room) return
    let drop = 0
    // Many at once, and never the newest, which tells where the list goes on.
    while (drop < items.length - 1 && bytes > room * FILL) {
      bytes -= sizeOf(items[drop]?.text ?? '')
      drop += 1
    }
    items = items.slice(drop)
  }

  function itemOf(index: number, text: string): Item {
    const entry = readText(text)
    if (!entry) onSkipped(nodeId)
    return { index, text, check: checkOf(text), entry, frames: {} }
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
    if (agrees(index, texts)) grow(texts.slice(length - index))
    else void quietly(sync())
  }

  /** Whether the texts from `index` on are of this list, by those that the feed has too. */
  function agrees(index: number, texts: readonly string[]): boolean {
    if (length === 0) return index === 0
    const base = length - items.length
    const from = Math.max(index, base)
    const to = Math.min(length, index + texts.length)
    for (let i = from; i < to; i += 1) {
      if (items[i - base]?.text !== texts[i - index]) return false
    }
    return from < to
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
        if (!agrees(from, texts)) {
          // Unless news came during the read: they may be of the list that is there now.
          if (changes === before) await replace()
          // What came while it was loaded anew is found by looking once more.
          syncAgain = true
          break
        }
        // News that came during the read are known already; behind a writer that does not rest
        // there would be some after each.
        grow(texts.slice(length - from))
        if (texts.length < PAGE) break
      }
    } while (syncAgain)
  }

  async function replace(): Promise<void> {
    replacements += 1
    await load()
    listener.replaced()
  }

  function newer(index: number): Item[] | undefined {
    const base = length - items.length
    return index + 1 < base ? undefined : items.slice(index + 1 - base)
  }

  function read(from: number, limit: number): Item[] | Promise<Item[]> {
    const missing = length - items.length - from
    // Who wants the whole of a list of the usual length will not be the last one.
    const mean = items.length > 0 ? bytes / items.length : 0
    if (missing > 0 && bytes + missing * mean <= share() * FILL) {
      extending ??= extend(from).finally(() => {
        extending = undefined
      })
      // The list may have changed meanwhile.
      return extending.then(() => readKept(from, limit))
    }
    return readKept(from, limit)
  }

  /** From memory, or else from the store. */
  function readKept(from: number, limit: number): Item[] | Promise<Item[]> {
    const base = length - items.length
    if (from >= base) return items.slice(from - base, from - base + limit)
    return readStored(from, limit)
  }

  /** Takes what is before the kept entries into memory too. */
  async function extend(from: number): Promise<void> {
    const before = replacements
    const base = length - items.length
    const older: Item[] = []
    while (from + older.length < base) {
      const start = from + older.length
      // With the first kept entry at the end, to know that it is the same list.
      const texts = await store.read(nodeId, start, Math.min(PAGE, base - start + 1))
      if (texts.length < Math.min(PAGE, base - start + 1)) return
      for (const [i, text] of texts.entries()) {
        if (start + i < base) older.push(itemOf(start + i, text))
        else if (text !== items[0]?.text) return
      }
      await nextTurn()
      if (before !== replacements || length - items.length !== base) return
    }
    items = [...older, ...items]
    for (const { text } of older) bytes += sizeOf(text)
    changes += 1
  }

  function readStored(from: number, limit: number): Promise<Item[]> {
    const key = `${from} ${limit} ${changes}`
    const shared = reads.get(key)
    if (shared) return shared
    const reading = readPage(from, Math.min(limit, PAGE)).finally(() => reads.delete(key))
    reads.set(key, reading)
    return reading
  }

  async function readPage(from: number, limit: number): Promise<Item[]> {
    const texts = await store.read(nodeId, from, limit)
    const page = texts.map((text, i) => itemOf(from + i, text))
    // An embedded store answers at once; a long history must leave others their turn.
    await nextTurn()
    return page
  }

  /** A store that fails is told through `lost`; the next news or the next poll looks again. */
  async function quietly(promise: Promise<void>): Promise<void> {
    await promise.catch(() => {})
  }
}

function sizeOf(text: string): number {
  return text.length * SIZE_FACTOR + SIZE_MORE
}

/** The cursor of a reader that has seen everything up to and with an entry. */
export function cursorOf(item: Item | undefined): Cursor {
  if (!item) return START
  const event = item.entry ? lastEventOf(item.entry) : 'log'
  return { index: item.index, check: item.check, event }
}
