import type { Cursor } from '@launchtail/client/protocol'
import type { LaunchEnd } from '../logs/launch-end.js'
import { doneFrame, isOver } from './ending.js'
import type { Feed } from './feed/feed.js'
import { cursorOf, type Item } from './feed/item.js'
import { frameOf } from './frames.js'
import type { StreamObserver } from './observer.js'
import { framed } from './outlet.js'
import { createPace } from './pace.js'
import type { Reader, View } from './reader.js'

/**
 * The hot loop: what is new in one list, to all its readers that have everything before it.
 *
 * A write to a socket costs 5 to 7 µs whatever it carries. Parsing, framing and copying an entry for
 * each reader would cost two to ten times that. So writes are counted, and all else is shared:
 *
 * - Entries appended in one turn go out together, framed once for each view: one Buffer for a
 *   thousand readers, one write each.
 * - Between two flushes of a busy list there is a pause: see `pace.ts`. With 1,000 readers and 200
 *   entries/s each reader gets 35 writes a second instead of 200, for a third of the processor's
 *   time. With ten readers the pause is too short to measure.
 * - Readers are served in slices of 256, about 2 ms, and other work gets its turn in between. With
 *   10,000 readers a request waited up to 154 ms without slices, and 9 ms with them.
 * - A reader whose socket is full is passed over. It becomes a cursor that catches up by itself
 *   (`catch-up.ts`); nothing is queued for it, and nobody waits for it.
 */
export interface Flusher {
  /** The list has grown. */
  grown(): void
  /** The cursor of live readers: up to here they have been sent all, or are being sent it now. */
  sent(): Cursor
  /** True while a flush is at work, when it is not known which reader has been sent what. */
  isRunning(): boolean
  /** Resolves when the flush that is planned or at work has ended; at once where there is none. */
  settled(): Promise<void>
  /** The list is another one; what was planned is dropped. */
  restart(): void
}

export interface FlusherOptions {
  feed: Feed
  readers: ReadonlySet<Reader>
  /** The reader has been sent all up to the cursor and lacks what follows. */
  fallBehind: (reader: Reader, cursor: Cursor) => void
  /** The launch is over, and the reader has been told. */
  end: (reader: Reader) => void
  /** Something threw: it is not known any more which reader has been sent what. */
  fail: (error: unknown) => void
  observer: Pick<StreamObserver, 'written'>
  now: () => number
}

const SLICE = 256
/** Characters of entries in one write, which all readers share. */
const PAGE = 128 * 1024

export function createFlusher(options: FlusherOptions): Flusher {
  const { feed, readers, fallBehind, end, fail, observer, now } = options
  const pace = createPace(() => guarded(flush), now)
  let sent = feed.tip()
  /** Counts the lists there were: a flush of an earlier one is not continued. */
  let list = 0
  /** When this process learned of the oldest entry that is not written yet. */
  let grownAt: number | undefined
  return {
    grown() {
      grownAt ??= now()
      pace.plan()
    },
    sent: () => sent,
    isRunning: pace.isRunning,
    settled: pace.settled,
    restart() {
      list += 1
      grownAt = undefined
      sent = feed.tip()
      pace.cancel()
    },
  }

  function flush(): void {
    const during = list
    const live = [...readers].filter((reader) => reader.live)
    const before = sent
    const items = feed.newer(before.index)
    if (!items) {
      // More came than is kept in memory: each reads it from the store.
      sent = feed.tip()
      grownAt = undefined
      for (const reader of live) fallBehind(reader, before)
      done(0)
      return
    }
    const page = firstPage(items)
    const newest = page.at(-1)
    sent = newest ? cursorOf(newest) : before
    const isLast = page.length === items.length
    // What comes while this is sent is timed by the next flush.
    const since = isLast ? grownAt : undefined
    if (isLast) grownAt = undefined
    // As it is now: between two slices the list may go on.
    const over = newest && isLast && isOver(newest) ? feed.end() : undefined
    const buffers = createBuffers(page, over)
    let next = 0
    let took = 0
    slice()

    function slice(): void {
      const begun = now()
      const stop = Math.min(live.length, next + SLICE)
      for (; next < stop && during === list; next += 1) {
        const reader = live[next] as Reader
        // It has left since the last slice.
        if (!reader.live) continue
        const { view } = reader
        if (!buffers.isReady(view)) {
          fallBehind(reader, before)
          continue
        }
        const buffer = buffers.of(view)
        const hasRoom = buffer.length === 0 || reader.outlet.write(buffer)
        if (over) end(reader)
        else if (!hasRoom) fallBehind(reader, sent)
      }
      // Another list: `restart` has been called.
      if (during !== list) return
      took += now() - begun
      if (next < live.length) setImmediate(guarded, slice)
      else {
        if (since !== undefined && live.length > 0) observer.written(now() - since)
        done(isLast ? took : 0)
      }
    }
  }

  /** An exception here would end the process, and with it the streams of all other nodes. */
  function guarded(act: () => void): void {
    try {
      act()
    } catch (error) {
      done(0)
      fail(error)
    }
  }

  function done(took: number): void {
    pace.ended(took)
    if (sent.index + 1 < feed.length()) pace.plan()
  }
}

/** A page as each view shows it, framed once. */
function createBuffers(page: readonly Item[], over: LaunchEnd | undefined) {
  const buffers: Buffer[] = []
  return {
    /** False if the view's filter takes longer over this page: nobody waits for it. */
    isReady: ({ number, filter }: View) =>
      filter === undefined || buffers[number] !== undefined || filter.isReady(page),
    of(view: View): Buffer {
      const buffer = buffers[view.number] ?? bytesOf(page, view, over)
      buffers[view.number] = buffer
      return buffer
    },
  }
}

/** A page as this view shows it; `over` says how the launch ended, where it is over with this page. */
function bytesOf(page: readonly Item[], view: View, over: LaunchEnd | undefined): Buffer {
  let text = ''
  for (const item of page) text += frameOf(view.format, view.filter, item)
  const newest = page.at(-1)
  if (over && newest) text += doneFrame(view.format, over, newest)
  return text === '' ? NOTHING : framed(text, view.chunked)
}

/** The bytes of entries that a view hides. */
const NOTHING = Buffer.alloc(0)

function firstPage(items: readonly Item[]): readonly Item[] {
  let size = 0
  const end = items.findIndex((item) => {
    const full = size > PAGE
    size += item.text.length
    return full
  })
  return end === -1 ? items : items.slice(0, end)
}
