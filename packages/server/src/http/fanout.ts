import type { ServerResponse } from 'node:http'
import {
  type Cursor,
  compareInstants,
  type ErrorEvent,
  formatCursor,
  type GapEvent,
  type GapReason,
  type Instant,
  isTerminal,
  parseInstant,
  START,
} from '@launchtail/client/protocol'
import { oneLine } from '../logs/entry-text.js'
import { cursorOf, type Feed, type FeedListener, type Item } from '../logs/feed.js'
import { doneFrameOf, type Format, frameOf, type LevelFilter, restFrameOf } from './formats.js'
import { framed, type Outlet, openOutlet } from './outlet.js'

/**
 * From one watched list to all its readers.
 *
 * A write to a socket costs 5 to 7 µs whatever it carries, and everything else can be shared. So
 * all that is appended in one turn is framed once per view, becomes one Buffer, and goes to each
 * reader at the tip in one write. Such a reader costs nothing but its place in a set. One whose
 * socket is full is passed over and becomes a cursor: when the socket drains, it reads on from the
 * frames in memory or from the store. Nothing is queued for it, so nothing can be dropped.
 */
export interface Fanout {
  /** What the feed is to tell. */
  readonly listener: FeedListener
  /** The feed, once it is open. */
  attach(feed: Feed): void
  add(reader: ReaderOptions): void
  size(): number
  /** Looks after heartbeats, rotation, stalls and lost storage; called every second. */
  tick(): void
  /** Ends the streams, evenly over so many milliseconds, for clients to connect anew. */
  drain(over: number): Promise<void>
}

export interface ReaderOptions {
  response: ServerResponse
  format: Format
  levels: LevelFilter
  /** What the reader has seen: it gets everything after it, once. */
  from: Cursor
  /** The id that it asked for, where that is none of ours: told as a gap. */
  unknown?: string
  /** Entries before `until` are passed over unless they are later than `since`. */
  history?: { since: Instant; until: number }
  /** Sent before the first entry. */
  first?: string
  /** Sent at the tip, to end the stream there (`follow=false`). */
  last?: (newest: Item | undefined) => string
  /** The `done` of a launch that is over and of which the list has nothing any more. */
  over?: string
  /** The reader's client is told to wait so many milliseconds before it connects again. */
  retry: number
}

export interface FanoutOptions {
  /** Milliseconds between heartbeats. */
  heartbeat: number
  /** Milliseconds until a stream is ended, to be opened anew; a tenth more or less. */
  timeout: number
  /** Milliseconds a lost storage is waited for. */
  storageGrace: number
  /** Told of each reader that has gone. */
  onGone: () => void
  now?: () => number
  random?: () => number
}

/** What goes out in one write to a reader that catches up. */
const PAGE_BYTES = 128 * 1024
const PAGE_ENTRIES = 500
/** Readers written to before other work gets its turn: about 2 ms. */
const SLICE = 256

/** Readers that are sent the same bytes: one format, one filter, one framing. */
interface View {
  /** Its place in each item's `frames`. */
  readonly number: number
  readonly format: Format
  readonly levels: LevelFilter
  readonly chunked: boolean
}

interface Reader {
  readonly options: ReaderOptions
  readonly outlet: Outlet
  readonly view: View
  /** At the tip: it has been sent what `sent` says and gets what comes as it comes. */
  live: boolean
  /** What it has been sent, while it is not live. */
  cursor: Cursor
  catchingUp: boolean
  ended: boolean
  beatAt: number
  endAt: number
}

export function createFanout({
  heartbeat,
  timeout,
  storageGrace,
  onGone,
  now = () => performance.now(),
  random = Math.random,
}: FanoutOptions): Fanout {
  const readers = new Set<Reader>()
  const views = new Map<string, View>()
  let feed: Feed
  let attached = false
  /** What live readers have been sent, or are just being sent. */
  let sent: Cursor = START
  let flushing = false
  let lostAt: number | undefined
  /** Counts the lists there were: what was read of another is not used. */
  let list = 0
  return {
    listener: { grown, replaced, removed, lost, found },
    attach(opened) {
      feed = opened
      attached = true
      sent = feed.tip()
    },
    add,
    size: () => readers.size,
    tick,
    drain,
  }

  function add(options: ReaderOptions): void {
    const { response, format, levels, from, unknown, first = '' } = options
    const outlet = openOutlet(response, () => void catchUp(reader))
    const reader: Reader = {
      options,
      outlet,
      view: viewOf(format, levels, outlet.chunked),
      live: false,
      cursor: from,
      catchingUp: false,
      ended: false,
      beatAt: now() + heartbeat,
      endAt: now() + timeout * (0.9 + 0.2 * random()),
    }
    readers.add(reader)
    response.on('close', () => remove(reader))
    let opening = format.opening(formatCursor(from), options.retry) + first
    if (unknown !== undefined) opening += gapFrame(format, unknown, 0, 'unknown')
    if (lostAt !== undefined) opening += lostFrame(format)
    say(reader, opening)
    void catchUp(reader)
  }

  function viewOf(format: Format, levels: LevelFilter, chunked: boolean): View {
    const key = JSON.stringify([format.name, levels && [...levels].sort(), chunked])
    let view = views.get(key)
    if (!view) {
      view = { number: views.size, format, levels, chunked }
      views.set(key, view)
    }
    return view
  }

  // --- At the tip -------------------------------------------------------------------------------

  function grown(): void {
    // Before `attach` there is nobody to send to, and `attach` begins with what is there then.
    if (flushing || !attached) return
    flushing = true
    const during = list
    // Everything else that is appended in this turn goes out with it.
    setImmediate(() => flush(during))
  }

  /** The hot loop: sends all that is new to every live reader, one write each. */
  function flush(during: number): void {
    if (during !== list) return
    const before = sent
    const items = feed.read(before.index + 1, Number.POSITIVE_INFINITY)
    const live = [...readers].filter((reader) => reader.live)
    sent = feed.tip()
    // More came in this turn than is kept in memory: each reads it from the store.
    if (!Array.isArray(items)) {
      flushing = false
      for (const reader of live) fallBehind(reader, before)
      return
    }
    const newest = items.at(-1)
    const over = newest !== undefined && isOver(newest)
    const buffers: Buffer[] = []
    let next = 0
    slice()

    function slice(): void {
      const end = Math.min(live.length, next + SLICE)
      for (; next < end && during === list && newest; next += 1) {
        const reader = live[next] as Reader
        // It left, or was told to read anew, since the last slice.
        if (!reader.live) continue
        const { view, outlet } = reader
        const buffer = buffers[view.number] ?? frame(view, newest)
        if (buffer.length > PAGE_BYTES) fallBehind(reader, before)
        else {
          if (buffer.length > 0) outlet.write(buffer)
          if (over) end_(reader)
          else if (!outlet.hasRoom()) {
            reader.live = false
            reader.cursor = sent
          }
        }
      }
      // Another list, another flush: see `replaced`.
      if (during !== list) return
      if (next < live.length && newest) setImmediate(slice)
      else {
        flushing = false
        if (sent.index + 1 < feed.length()) grown()
      }
    }

    function frame(view: View, last: Item): Buffer {
      const text = framesOf(view, items as Item[]) + (over ? doneFrameOf(view.format, last) : '')
      const buffer = text === '' ? NOTHING : framed(text, view.chunked)
      buffers[view.number] = buffer
      return buffer
    }
  }

  function fallBehind(reader: Reader, cursor: Cursor): void {
    reader.live = false
    reader.cursor = cursor
    void catchUp(reader)
  }

  // --- Behind it --------------------------------------------------------------------------------

  /** Brings a reader towards the tip, as far as its socket takes it and the store answers. */
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
    if (index !== sent.index || check !== sent.check) return false
    return event === sent.event || event === 'done'
  }

  /**
   * There is nothing for a reader that is not at the tip: it came with the cursor of an entry that
   * is about to be flushed, or the store has less by now than the feed knows. Going round without
   * waiting would hold the whole process up.
   */
  async function beOvertaken(cursor: Cursor): Promise<void> {
    if (cursor.index > sent.index) await new Promise(setImmediate)
    else await feed.sync()
  }

  /** Sends a page: the rest of the entry seen last, and entries after it. */
  function advance(reader: Reader, items: readonly Item[]): void {
    const { cursor, view, options } = reader
    let text = ''
    for (const item of items) {
      // What is newer than `sent` comes with the flush that is under way.
      if (item.index > sent.index || text.length > PAGE_BYTES) break
      if (item.index === cursor.index) text += restFrameOf(view.format, view.levels, item, cursor)
      else if (!isHidden(item, options.history)) text += frameIn(view, item)
      reader.cursor = cursorOf(item)
    }
    say(reader, text)
  }

  /** From here on the reader is one of many, or it is done. */
  function arrive(reader: Reader): void {
    const newest = feed.newest()
    const { last, format, over } = reader.options
    if (last) end(reader, last(newest))
    else if (!newest && over !== undefined) end(reader, over)
    else if (newest && newest.index === sent.index && isOver(newest)) {
      end(reader, doneFrameOf(format, newest))
    } else reader.live = true
  }

  /** The reader's cursor is not in the list, as far as the feed knows: ask the store. */
  async function reconsider(reader: Reader): Promise<void> {
    const during = list
    const { cursor } = reader
    await feed.sync()
    const [item] = await feed.read(cursor.index, 1)
    if (during !== list || reader.ended) return
    if (item?.check !== cursor.check) startOver(reader)
    // It is in what the feed just learned; the flush of that comes first.
    else await new Promise(setImmediate)
  }

  /** The list is another than the reader's: it is told, and gets all that is kept. */
  function startOver(reader: Reader): void {
    const { index, check, event } = reader.live ? sent : reader.cursor
    reader.live = false
    reader.cursor = START
    // Who has seen nothing misses nothing.
    if (index < 0) return
    const reason = feed.length() === 0 ? 'expired' : 'rewritten'
    const missed = Math.max(0, index + 1 - feed.length())
    const requested = formatCursor({ index, check, event })
    say(reader, gapFrame(reader.view.format, requested, missed, reason))
  }

  // --- What the feed tells ----------------------------------------------------------------------

  function replaced(): void {
    list += 1
    flushing = false
    // It was replaced while it was being opened: `attach` comes with the one that it is now.
    if (!attached) return
    for (const reader of readers) startOver(reader)
    sent = feed.tip()
    for (const reader of readers) void catchUp(reader)
  }

  function removed(): void {
    if (!attached) return
    const phase = feed.newest()?.entry?.phase
    const error: ErrorEvent = { error: 'node deleted', details: '', ...(phase && { phase }) }
    const done = { status: 'deleted', message: 'Node deleted' }
    for (const reader of [...readers]) {
      const { format } = reader.options
      end(reader, format.event('error', oneLine(error)) + format.event('done', oneLine(done)))
    }
  }

  function lost(): void {
    if (lostAt !== undefined) return
    lostAt = now()
    for (const reader of readers) say(reader, lostFrame(reader.view.format))
  }

  function found(): void {
    lostAt = undefined
    for (const reader of readers) void catchUp(reader)
  }

  // --- Time -------------------------------------------------------------------------------------

  function tick(): void {
    const time = now()
    const givenUp = lostAt !== undefined && time - lostAt > storageGrace
    for (const reader of [...readers]) {
      if (givenUp || time >= reader.endAt) end_(reader)
      else if (reader.outlet.isStalled(time)) reader.outlet.destroy()
      else tend(reader, time)
    }
  }

  function tend(reader: Reader, time: number): void {
    // A page that could not be read though the storage is there, or was away too briefly to tell.
    if (!reader.live && lostAt === undefined) void catchUp(reader)
    // While a flush is under way it is not known yet who has been sent what.
    if (time >= reader.beatAt && !flushing) beat(reader, time)
  }

  function beat(reader: Reader, time: number): void {
    reader.beatAt = time + heartbeat
    const cursor = reader.live ? sent : reader.cursor
    // A full socket has bytes enough to show whether its peer is there.
    if (reader.outlet.hasRoom()) say(reader, reader.view.format.heartbeat(formatCursor(cursor)))
  }

  async function drain(over: number): Promise<void> {
    const leaving = [...readers]
    await Promise.all(
      leaving.map(async (reader, i) => {
        if (over > 0)
          await new Promise((resolve) => setTimeout(resolve, (over * i) / leaving.length))
        const wait = Math.round(1000 + random() * Math.max(0, 2 * over - 1000))
        end(reader, reader.view.format.retry(wait))
      }),
    )
  }

  // --- Writing ----------------------------------------------------------------------------------

  function say(reader: Reader, text: string): void {
    if (text !== '' && !reader.ended) reader.outlet.write(framed(text, reader.view.chunked))
  }

  function end(reader: Reader, text: string): void {
    if (reader.ended) return
    say(reader, text)
    end_(reader)
  }

  function end_(reader: Reader): void {
    if (reader.ended) return
    remove(reader)
    reader.outlet.end()
  }

  function remove(reader: Reader): void {
    reader.ended = true
    reader.live = false
    if (readers.delete(reader)) onGone()
  }
}

/** What a view shows of entries that it hides. */
const NOTHING = Buffer.alloc(0)

function isSame(one: Cursor, other: Cursor): boolean {
  return one.index === other.index && one.check === other.check && one.event === other.event
}

function isOver({ entry }: Item): boolean {
  return entry !== undefined && isTerminal(entry.phase)
}

function isHidden({ index, entry }: Item, history: ReaderOptions['history']): boolean {
  if (!history || index >= history.until || !entry) return false
  const time = parseInstant(entry.timestamp)
  return time !== undefined && compareInstants(time, history.since) <= 0
}

function framesOf(view: View, items: readonly Item[]): string {
  let text = ''
  for (const item of items) text += frameIn(view, item)
  return text
}

/** An entry's events as a view shows them, framed once for all its readers. */
function frameIn(view: View, item: Item): string {
  let frame = item.frames[view.number]
  if (frame === undefined) {
    frame = frameOf(view.format, view.levels, item)
    item.frames[view.number] = frame
  }
  return frame
}

function gapFrame(format: Format, requested: string, missed: number, reason: GapReason): string {
  const gap: GapEvent = {
    requested: requested.replace(/[^A-Za-z0-9:_-]/g, '').slice(0, 64),
    resumed_from: formatCursor(START),
    missed,
    reason,
  }
  return format.event('gap', oneLine(gap), formatCursor(START))
}

function lostFrame(format: Format): string {
  const error: ErrorEvent = { error: 'Failed to stream logs', details: 'Redis connection lost' }
  return format.event('error', oneLine(error))
}
