import { type Cursor, formatCursor, type Phase } from '@launchtail/client/protocol'
import type { Slices } from '../async/slices.js'
import type { LogFilter } from '../find/log-filter.js'
import { type CatchUp, createCatchUp } from './catch-up.js'
import { deletedFrame, lostFrame } from './faults.js'
import type { Feed, FeedListener } from './feed/feed.js'
import { createFlusher, type Flusher } from './flush.js'
import { NO_OBSERVER, type StreamObserver } from './observer.js'
import { createViews, logReader, type Reader, type ReaderOptions } from './reader.js'
import { createReaders, type Lifetimes } from './readers.js'

/** From one watched list to all its readers: live ones by `flush.ts`, others by `catch-up.ts`. */
export interface Fanout {
  /** Called by the feed. */
  readonly listener: FeedListener
  /** The feed, once it is open; before that there is nobody to send to. */
  attach(feed: Feed): void
  add(reader: ReaderOptions): void
  size(): number
  /** Looks after heartbeats, rotation, stalls, lost storage and memory; called every second. */
  tick(slices: Slices): Promise<void>
  /** Ends the streams, evenly over so many milliseconds, for clients to connect anew. */
  drain(over: number): Promise<void>
}

export interface FanoutOptions extends Lifetimes {
  /** Milliseconds a lost storage is waited for. */
  storageGrace: number
  /** Called with each reader that has gone. */
  onGone: () => void
  onFault?: (message: string, error: unknown) => void
}

interface Attached {
  readonly feed: Feed
  readonly flusher: Flusher
  readonly behind: CatchUp
}

export function createFanout({
  storageGrace,
  onGone,
  onFault = () => {},
  ...lifetimes
}: FanoutOptions): Fanout {
  const { now = () => performance.now(), observer = NO_OBSERVER } = lifetimes
  const views = createViews()
  let attached: Attached | undefined
  let lostAt: number | undefined
  const readers = createReaders<Reader>({
    ...lifetimes,
    heartbeatOf: (reader) => heartbeatOf(reader, attached?.flusher),
    onGone(reader) {
      reader.live = false
      views.leave(reader.view)
      onGone()
    },
  })
  const { all, say, end, cutAll } = readers
  return {
    listener: { grown: () => attached?.flusher.grown(), replaced, removed, lost, found },
    attach(feed) {
      const flusher = createFlusher({ feed, readers: all, fallBehind, end, fail, observer, now })
      attached = { feed, flusher, behind: createCatchUp({ feed, flusher, say, end, observer }) }
    },
    add,
    size: () => all.size,
    tick,
    drain: (over) => readers.drain(over, ({ view }, retry) => view.format.retry(retry)),
  }

  function add(options: ReaderOptions): void {
    const { response, format } = options
    const { socket } = response
    observeOpening(options, observer)
    // The head and everything at hand go out in one write.
    socket?.cork()
    try {
      const reader = readers.add(response, (life) => logReader(life, options, views), goOn)
      const opening = openingOf(options)
      say(
        reader,
        lostAt === undefined ? opening : opening + lostFrame(format, phaseFor(reader, attached)),
      )
      goOn(reader)
    } finally {
      socket?.uncork()
    }
  }

  function goOn(reader: Reader): void {
    void attached?.behind.catchUp(reader)
  }

  function fallBehind(reader: Reader, cursor: Reader['cursor']): void {
    reader.live = false
    reader.cursor = cursor
    goOn(reader)
  }

  /** The readers come again with the last id that they have seen. */
  function fail(error: unknown): void {
    onFault('sending a log', error)
    cutAll('fault')
  }

  function replaced(): void {
    // It was replaced while it was being opened, and `attach` will bring the new one.
    if (!attached) return
    const { flusher, behind } = attached
    const sent = flusher.sent()
    flusher.restart()
    behind.restart()
    for (const reader of all) behind.startOver(reader, reader.live ? sent : reader.cursor)
    for (const reader of all) goOn(reader)
  }

  function removed(): void {
    for (const reader of [...all]) {
      end(reader, deletedFrame(reader.view.format, phaseFor(reader, attached)))
    }
  }

  function lost(): void {
    if (lostAt !== undefined) return
    lostAt = now()
    for (const reader of all) say(reader, lostFrame(reader.view.format, phaseFor(reader, attached)))
  }

  function found(): void {
    lostAt = undefined
    for (const reader of all) goOn(reader)
  }

  async function tick(slices: Slices): Promise<void> {
    attached?.feed.trim()
    await readers.tick(slices)
    if (lostAt === undefined) {
      // A page may have failed while the storage was there, or away too briefly to be reported.
      for (const reader of all) if (!reader.live) goOn(reader)
    } else if (now() - lostAt > storageGrace) cutAll('storage_lost')
  }
}

function observeOpening({ resumed, gap }: ReaderOptions, observer: StreamObserver): void {
  if (resumed) observer.resumed()
  if (gap) observer.gap(gap)
}

/** The node's phase, for events that no entry tells. */
function phaseFor({ options }: Reader, attached: Attached | undefined): Phase {
  return attached?.feed.phase() ?? options.phase
}

function openingOf({ format, from, retry, first = '' }: ReaderOptions): string {
  return format.opening(formatCursor(from), retry) + first
}

/** Undefined while a flush is at work, because it is not known which reader has been sent what. */
function heartbeatOf(
  { live, cursor, view, options }: Reader,
  flusher?: Flusher,
): string | undefined {
  if (!flusher || flusher.isRunning()) return undefined
  const seen = live ? flusher.sent() : cursor
  return view.format.heartbeat(formatCursor(seen), scannedOf(view.filter, options, seen))
}

/** How many entries a filter has looked at, as long as none of them has passed. */
function scannedOf(
  filter: LogFilter | undefined,
  { from, lookedFrom = from.index + 1 }: ReaderOptions,
  { index }: Cursor,
): number | undefined {
  if (!filter || filter.lastMatch() > from.index) return undefined
  return Math.max(0, index + 1 - lookedFrom)
}
