import { type Cursor, START } from '@launchtail/client/protocol'
import { entriesFor, meanLength } from '../logs/entries-for.js'
import { endFrame, FOLLOWING } from './ending.js'
import type { Feed } from './feed/feed.js'
import type { Item } from './feed/item.js'
import type { Flusher } from './flush.js'
import { lostCursorFrame, lostCursorGap } from './gap.js'
import type { StreamObserver } from './observer.js'
import { PAGE, takePage } from './page.js'
import type { Reader } from './reader.js'

/**
 * The readers that are behind: new ones, slow ones, those that resume. Each is a cursor, and is
 * brought towards the tip as far as its socket takes it, a page at a time, from memory or from the
 * store. At the tip it becomes one of many: see `flush.ts`.
 */
export interface CatchUp {
  /** Goes on with a reader. Called again when its socket drains, the storage is back, and each second. */
  catchUp(reader: Reader): Promise<void>
  /** The list is another one than the reader's: it is told, and gets all of this one. */
  startOver(reader: Reader, seen: Cursor): void
  /** The list is another one; what was read until now is of the old one. */
  restart(): void
}

export interface CatchUpOptions {
  feed: Feed
  flusher: Flusher
  say: (reader: Reader, text: string) => void
  end: (reader: Reader, text: string) => void
  observer: Pick<StreamObserver, 'gap'>
}

/** The most entries that are read for one write. */
const MOST = 512

export function createCatchUp({ feed, flusher, say, end, observer }: CatchUpOptions): CatchUp {
  /** Counts the lists there were. */
  let list = 0
  /** Entries that fill a write, by the size of those that were read last. */
  let atOnce = MOST
  return {
    catchUp,
    startOver(reader, seen) {
      reader.lowest = 0
      tellGap(reader, seen)
    },
    restart() {
      list += 1
    },
  }

  async function catchUp(reader: Reader): Promise<void> {
    if (reader.catchingUp || reader.live) return
    reader.catchingUp = true
    try {
      while (!reader.ended && !reader.live && reader.outlet.isDrained()) {
        if (isAt(flusher.sent(), reader.cursor)) arrive(reader)
        else await nextPage(reader)
      }
    } catch {
      // The store is out of reach: the feed reports it by `lost`, and at `found` this goes on.
    } finally {
      reader.catchingUp = false
    }
  }

  /**
   * Sends the next page. The page is no variable of `catchUp`: a function that waits keeps what it has
   * last read, and with many readers that is more memory than all else.
   */
  function nextPage(reader: Reader): Promise<void> | undefined {
    const during = list
    const { cursor } = reader
    // From the entry seen last, to know that the list is still the one that was read.
    const reading = feed.read(Math.max(0, cursor.index), atOnce)
    const prepare = (items: readonly Item[]): Promise<void> | undefined => {
      const preparing = reader.view.filter?.prepare(items)
      return preparing ? preparing.then(() => take(items)) : take(items)
    }
    const take = (items: readonly Item[]): Promise<void> | undefined => {
      if (during !== list || reader.ended) return
      if (cursor.index >= 0 && items[0]?.check !== cursor.check) return reconsider(reader)
      const text = takePage(reader, items, flusher.sent().index)
      say(reader, text)
      const taken = reader.cursor.index - cursor.index
      if (taken > 0) {
        // A filter may have hidden what was read.
        const read = meanLength(items.map((item) => item.text))
        atOnce = entriesFor(Math.max(read, text.length / taken), PAGE, MOST)
      }
      return isSame(cursor, reader.cursor) ? beOvertaken(cursor) : undefined
    }
    return Array.isArray(reading) ? prepare(reading) : reading.then(prepare)
  }

  /**
   * There is nothing for a reader that is not at the tip. It came with the cursor of an entry that
   * is about to be sent, or the store has less by now than the feed knows. A loop without a wait
   * would hold up the whole process.
   */
  async function beOvertaken(cursor: Cursor): Promise<void> {
    if (cursor.index > flusher.sent().index) await flusher.settled()
    else await feed.sync()
  }

  /** From here on the reader is one of many, or it is done. */
  function arrive(reader: Reader): void {
    const { index } = flusher.sent()
    const newest = feed.newer(index - 1)?.[0]
    const { format, ending = FOLLOWING } = reader.options
    const isEnd = !ending.follow || index === feed.length() - 1
    const done = isEnd ? endFrame(format, ending, { newest, end: feed.end() }) : undefined
    if (done === undefined) reader.live = true
    else end(reader, done)
  }

  /** The reader's cursor is not in the list, as far as the feed knows: ask the store. */
  async function reconsider(reader: Reader): Promise<void> {
    const during = list
    const { cursor } = reader
    await feed.sync()
    const [item] = await feed.read(cursor.index, 1)
    if (during !== list || reader.ended) return
    if (item?.check !== cursor.check) tellGap(reader, cursor)
    // It is in what the feed just learned; that is sent first.
    else await flusher.settled()
  }

  /** The reader's cursor is not in the list: it gets all that there is for it. */
  function tellGap(reader: Reader, seen: Cursor): void {
    reader.live = false
    reader.cursor = START
    // A reader that has seen nothing misses nothing.
    if (seen.index < 0) return
    observer.gap(lostCursorGap(seen, feed.length()).reason)
    say(reader, lostCursorFrame(reader.view.format, seen, feed.length()))
  }
}

function isAt(tip: Cursor, { index, check, event }: Cursor): boolean {
  if (index !== tip.index || check !== tip.check) return false
  return event === tip.event || event === 'done'
}

function isSame(one: Cursor, other: Cursor): boolean {
  return one.index === other.index && one.check === other.check && one.event === other.event
}
