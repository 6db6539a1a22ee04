import type { Cursor } from '@launchtail/client/protocol'
import { doneFrame, isOver } from './ending.js'
import type { Feed } from './feed/feed.js'
import { cursorOf, type Item } from './feed/item.js'
import { frameOf } from './frames.js'
import { framed } from './outlet.js'
import type { Reader, View } from './reader.js'

/**
 * The hot loop: what is new in one list, to all its readers that have everything before it.
 *
 * A write to a socket costs 5 to 7 µs whatever it carries; to parse, frame and copy an entry for
 * each reader would cost two to ten times that. So writes are counted, and all else is shared:
 *
 * - What is appended in one turn goes out together, framed once a view: one Buffer for a thousand
 *   readers, one write each.
 * - A list that was quiet is sent at once. After that there is a pause of three times what the
 *   sending took, 20 ms at most, and what comes meanwhile goes out at its end. With 1,000 readers
 *   and 200 entries/s that is 35 writes a second to a reader in place of 200, for a third of the
 *   processor's time; with ten readers there is no pause that one could measure.
 * - Readers are served in slices of 256, about 2 ms, and other work gets its turn in between: with
 *   10,000 readers a request waited up to 154 ms without, 9 ms with it.
 * - A reader whose socket is full is passed over. It becomes a cursor that catches up by itself
 *   (`catch-up.ts`); nothing is queued for it, and nobody waits for it.
 */
export interface Flusher {
  /** The list has grown. */
  grown(): void
  /** What live readers have been sent, or are just being sent. */
  sent(): Cursor
  /** Whether a flush is at work: then it is not known which reader has been sent what. */
  isRunning(): boolean
  /** Ends with the flush that is planned or at work; at once where there is none. */
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
  now: () => number
}

/** Characters of entries in one write: what is more goes out in several. */
export const PAGE = 128 * 1024
const SLICE = 256
const PAUSE_FACTOR = 3
const LONGEST_PAUSE = 20

export function createFlusher({ feed, readers, fallBehind, end, now }: FlusherOptions): Flusher {
  let sent = feed.tip()
  let state: 'quiet' | 'planned' | 'running' = 'quiet'
  /** Counts the lists there were: what was begun with another is not gone on with. */
  let list = 0
  let quietFrom = 0
  let settled = Promise.resolve()
  let settle = () => {}
  return {
    grown,
    sent: () => sent,
    isRunning: () => state === 'running',
    settled: () => settled,
    restart,
  }

  function grown(): void {
    if (state !== 'quiet') return
    state = 'planned'
    settled = new Promise((resolve) => {
      settle = resolve
    })
    const wait = quietFrom - now()
    if (wait > 0) setTimeout(flush, wait, list)
    else setImmediate(flush, list)
  }

  function flush(during: number): void {
    if (during !== list) return
    state = 'running'
    const live = [...readers].filter((reader) => reader.live)
    const before = sent
    const items = feed.newer(before.index)
    if (!items) {
      // More came than is kept in memory: each reads it from the store.
      sent = feed.tip()
      for (const reader of live) fallBehind(reader, before)
      done(0)
      return
    }
    const page = firstPage(items)
    const newest = page.at(-1)
    sent = newest ? cursorOf(newest) : before
    const isLast = page.length === items.length
    const over = newest !== undefined && isLast && isOver(newest)
    const buffers: Buffer[] = []
    let next = 0
    let took = 0
    slice()

    function slice(): void {
      const begun = now()
      const stop = Math.min(live.length, next + SLICE)
      for (; next < stop && during === list; next += 1) {
        const reader = live[next] as Reader
        // It left since the last slice.
        if (!reader.live) continue
        const buffer = buffers[reader.view.number] ?? frame(reader.view)
        const hasRoom = buffer.length === 0 || reader.outlet.write(buffer)
        if (over) end(reader)
        else if (!hasRoom) fallBehind(reader, sent)
      }
      // Another list: `restart` has been called.
      if (during !== list) return
      took += now() - begun
      if (next < live.length) setImmediate(slice)
      else done(isLast ? took : 0)
    }

    function frame(view: View): Buffer {
      let text = ''
      for (const item of page) text += frameOf(view.format, view.levels, item)
      if (over && newest) text += doneFrame(view.format, newest)
      const buffer = text === '' ? NOTHING : framed(text, view.chunked)
      buffers[view.number] = buffer
      return buffer
    }
  }

  function done(took: number): void {
    quietFrom = now() + Math.min(LONGEST_PAUSE, PAUSE_FACTOR * took)
    rest()
    if (sent.index + 1 < feed.length()) grown()
  }

  function restart(): void {
    list += 1
    sent = feed.tip()
    rest()
  }

  function rest(): void {
    state = 'quiet'
    settle()
  }
}

/** What a view shows of entries that it hides. */
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
