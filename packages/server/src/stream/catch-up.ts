import {
  type Cursor,
  compareInstants,
  formatCursor,
  type GapEvent,
  type GapReason,
  parseInstant,
  START,
} from '@launchtail/client/protocol'
import { oneLine } from '../logs/entry-text.js'
import type { Feed } from './feed.js'
import { type Flusher, isOver, PAGE } from './flush.js'
import { doneFrameOf, type Format, frameOf, restFrameOf } from './formats.js'
import { cursorOf, type Item } from './item.js'
import type { Reader, ReaderOptions } from './reader.js'

/**
 * The readers that are behind: new ones, slow ones, those that resume. Each is a cursor, and is
 * brought towards the tip as far as its socket takes it, a page at a time, from memory or from the
 * store. At the tip it becomes one of many; see `flush.ts`.
 */
export interface CatchUp {
  /** Goes on with a reader; again when its socket drains, when the storage is back, now and then. */
  catchUp(reader: Reader): Promise<void>
  /** The list is another than the reader's: it is told, and gets all that is kept. */
  startOver(reader: Reader, seen: Cursor): void
  /** What was read of the list until now is of another. */
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
   * There is nothing for a reader that is not at the tip: it came with the cursor of an entry that
   * is about to be sent, or the store has less by now than the feed knows. Going round without
   * waiting would hold the whole process up.
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
      // What is newer comes with the flush that is planned or under way.
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
    const { last, format, over } = reader.options
    if (last) end(reader, last(item))
    else if (feed.length() === 0 && over !== undefined) end(reader, over)
    else if (item && index === feed.length() - 1 && isOver(item)) {
      end(reader, doneFrameOf(format, item))
    } else reader.live = true
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
    // Who has seen nothing misses nothing.
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

/** Tells a reader that what it has seen is not what is kept. */
export function gapFrame(
  format: Format,
  requested: string,
  missed: number,
  reason: GapReason,
): string {
  const gap: GapEvent = {
    requested: requested.replace(/[^A-Za-z0-9:_-]/g, '').slice(0, 64),
    resumed_from: formatCursor(START),
    missed,
    reason,
  }
  return format.event('gap', oneLine(gap), formatCursor(START))
}
