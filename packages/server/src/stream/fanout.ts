import { type ErrorEvent, formatCursor } from '@launchtail/client/protocol'
import { oneLine } from '../logs/entry-text.js'
import { type CatchUp, createCatchUp } from './catch-up.js'
import type { Feed, FeedListener } from './feed.js'
import { createFlusher, type Flusher } from './flush.js'
import type { Format } from './formats.js'
import { endEvenly, lifetimeOf } from './lifetime.js'
import { framed, openOutlet } from './outlet.js'
import { createViews, type Reader, type ReaderOptions } from './reader.js'

/** From one watched list to all its readers: live ones by `flush.ts`, others by `catch-up.ts`. */
export interface Fanout {
  /** What the feed is to tell. */
  readonly listener: FeedListener
  /** The feed, once it is open; before that there is nobody to send to. */
  attach(feed: Feed): void
  add(reader: ReaderOptions): void
  size(): number
  /** Looks after heartbeats, rotation, stalls, lost storage and memory; called every second. */
  tick(): void
  /** Ends the streams, evenly over so many milliseconds, for clients to connect anew. */
  drain(over: number): Promise<void>
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

interface Attached {
  readonly feed: Feed
  readonly flusher: Flusher
  readonly behind: CatchUp
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
  const viewOf = createViews()
  let attached: Attached | undefined
  let lostAt: number | undefined
  return {
    listener: { grown: () => attached?.flusher.grown(), replaced, removed, lost, found },
    attach(feed) {
      const flusher = createFlusher({ feed, readers, fallBehind, end: leave, now })
      attached = { feed, flusher, behind: createCatchUp({ feed, flusher, say, end }) }
    },
    add,
    size: () => readers.size,
    tick,
    drain,
  }

  function add(options: ReaderOptions): void {
    const { response, format, levels, from, first = '' } = options
    const outlet = openOutlet(response, () => goOn(reader))
    const reader: Reader = {
      options,
      outlet,
      view: viewOf(format, levels, outlet.chunked),
      live: false,
      cursor: from,
      catchingUp: false,
      ended: false,
      beatAt: now() + heartbeat,
      endAt: now() + lifetimeOf(timeout, random),
    }
    readers.add(reader)
    response.on('close', () => remove(reader))
    let opening = format.opening(formatCursor(from), options.retry) + first
    if (lostAt !== undefined) opening += lostFrame(format)
    say(reader, opening)
    goOn(reader)
  }

  function goOn(reader: Reader): void {
    void attached?.behind.catchUp(reader)
  }

  function fallBehind(reader: Reader, cursor: Reader['cursor']): void {
    reader.live = false
    reader.cursor = cursor
    goOn(reader)
  }

  // --- What the feed tells ----------------------------------------------------------------------

  function replaced(): void {
    // It was replaced while it was being opened: `attach` comes with the one that it is now.
    if (!attached) return
    const { flusher, behind } = attached
    const sent = flusher.sent()
    flusher.restart()
    behind.restart()
    for (const reader of readers) behind.startOver(reader, reader.live ? sent : reader.cursor)
    for (const reader of readers) goOn(reader)
  }

  function removed(): void {
    if (!attached) return
    const phase = attached.feed.newest()?.entry?.phase
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
    for (const reader of readers) goOn(reader)
  }

  // --- Time -------------------------------------------------------------------------------------

  function tick(): void {
    attached?.feed.trim()
    const time = now()
    const givenUp = lostAt !== undefined && time - lostAt > storageGrace
    for (const reader of [...readers]) {
      if (givenUp || time >= reader.endAt) leave(reader)
      else if (reader.outlet.isStalled(time)) reader.outlet.destroy()
      else tend(reader, time)
    }
  }

  function tend(reader: Reader, time: number): void {
    // A page that could not be read though the storage is there, or was away too briefly to tell.
    if (!reader.live && lostAt === undefined) goOn(reader)
    if (time >= reader.beatAt && attached && !attached.flusher.isRunning()) {
      beat(reader, time, attached.flusher)
    }
  }

  function beat(reader: Reader, time: number, flusher: Flusher): void {
    reader.beatAt = time + heartbeat
    const cursor = reader.live ? flusher.sent() : reader.cursor
    // A full socket has bytes enough to show whether its peer is there.
    if (reader.outlet.hasRoom()) say(reader, reader.view.format.heartbeat(formatCursor(cursor)))
  }

  function drain(over: number): Promise<void> {
    return endEvenly(readers, over, {
      end: (reader, retry) => end(reader, reader.view.format.retry(retry)),
      random,
    })
  }

  // --- Writing ----------------------------------------------------------------------------------

  function say(reader: Reader, text: string): void {
    if (text !== '' && !reader.ended) reader.outlet.write(framed(text, reader.view.chunked))
  }

  function end(reader: Reader, text: string): void {
    say(reader, text)
    leave(reader)
  }

  function leave(reader: Reader): void {
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

function lostFrame(format: Format): string {
  const error: ErrorEvent = { error: 'Failed to stream logs', details: 'Redis connection lost' }
  return format.event('error', oneLine(error))
}
