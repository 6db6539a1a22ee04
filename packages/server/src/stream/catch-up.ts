import {
  type Cursor,
  compareInstants,
  formatCursor,
  parseInstant,
  START,
} from '@launchtail/client/protocol'
import { endFrame, FOLLOWING } from './ending.js'
import type { Feed } from './feed/feed.js'
import { cursorOf, type Item } from './feed/item.js'
import { type Flusher, PAGE } from './flush.js'
import { frameOf, restFrameOf } from './frames.js'
import { gapFrame } from './gap.js'
import type { Reader, ReaderOptions } from './reader.js'

/**
 * The readers that are behind: new ones, slow ones, those that resume. Each is a cursor, and is
 * brought towards the tip as far as its socket takes it, a page at a time, from memory or from the
 * store. At the tip it becomes one of many: see `flush.ts`.
 */
export interface CatchUp {
  /** Goes on with a reader; again when its socket drains, when the storage is back, now and then. */
  catchUp(reader: Reader): Promise<void>
  /** The list is not the reader's any more: it is told, and gets all that is kept. */
  startOver(reader: Reader, seen: Cursor): void
  /** The list is another one; what was read until now is of the old one. */
  restart(): void
}

export interface CatchUpOptions {
  feed: Feed
  flusher: Flusher
  say: (reader: Reader, text: string) => void
  end: (reader: Reader, text: string) => void
}

const PAGE_ENTRIES = 500

export function createCatchUp({ feed, flusher, say, end }: CatchUpOptions): CatchUp {
  /** Counts the lists there were. */
  let list = 0
  return {
    catchUp,
    startOver,
    restart() {
      list += 1
    },
  }

  async function catchUp(reader: Reader): Promise<void> {
    if (reader.catchingUp || reader.live) return
    reader.catchingUp = true
    try {
      while (!reader.ended && !reader.live && reader.outlet.hasRoom()) {
        const { cursor } = reader
        if (isAtTip(cursor)) {
          arrive(reader)
          continue
        }
        const during = list
        // From the entry seen last on, to know that the list still is the one that was read.
        const reading = feed.read(Math.max(0, cursor.index), PAGE_ENTRIES)
        const items = Array.isArray(reading) ? reading : await reading
        if (during !== list || reader.ended) continue
        if (cursor.index >= 0 && items[0]?.check !== cursor.check) await reconsider(reader)
        else {
          advance(reader, items)
          if (isSame(cursor, reader.cursor)) await beOvertaken(cursor)
        }
      }
    } catch {
      // The store is out of reach: the feed tells so by `lost`, and at `found` this goes on.
    } finally {
      reader.catchingUp = false
    }
  }

  function isAtTip({ index, check, event }: Cursor): boolean {
    const sent = flusher.sent()
    if (index !== sent.index || check !== sent.check) return false
    return event === sent.event || event === 'done'
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

  /** Sends a page: the rest of the entry seen last, and entries after it. */
  function advance(reader: Reader, items: readonly Item[]): void {
    const { cursor, options } = reader
    const { format, levels } = reader.view
    const tip = flusher.sent().index
    let text = ''
    for (const item of items) {
      // Newer entries come with the flush that is planned or under way.
      if (item.index > tip || text.length > PAGE) break
      if (item.index === cursor.index) text += restFrameOf(format, levels, item, cursor)
      else if (!isHidden(item, options.history)) text += frameOf(format, levels, item)
      reader.cursor = cursorOf(item)
    }
    say(reader, text)
  }

  /** From here on the reader is one of many, or it is done. */
  function arrive(reader: Reader): void {
    const { index } = flusher.sent()
    const item = feed.newer(index - 1)?.[0]
    const { format, ending = FOLLOWING } = reader.options
    const isEnd = !ending.follow || index === feed.length() - 1
    const done = isEnd ? endFrame(format, ending, item) : undefined
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
    if (item?.check !== cursor.check) startOver(reader, cursor)
    // It is in what the feed just learned; that is sent first.
    else await flusher.settled()
  }

  function startOver(reader: Reader, { index, check, event }: Cursor): void {
    reader.live = false
    reader.cursor = START
    // A reader that has seen nothing misses nothing.
    if (index < 0) return
    const reason = feed.length() === 0 ? 'expired' : 'rewritten'
    const missed = Math.max(0, index + 1 - feed.length())
    const requested = formatCursor({ index, check, event })
    say(reader, gapFrame(reader.view.format, requested, missed, reason))
  }
}

function isSame(one: Cursor, other: Cursor): boolean {
  return one.index === other.index && one.check === other.check && one.event === other.event
}

function isHidden({ index, entry }: Item, history: ReaderOptions['history']): boolean {
  if (!history || index >= history.until || !entry) return false
  const time = parseInstant(entry.timestamp)
  return time !== undefined && compareInstants(time, history.since) <= 0
}
