import type { ServerResponse } from 'node:http'
import { onceClosed } from '../async/once-closed.js'
import type { Slices } from '../async/slices.js'
import { endEvenly, lifetimeOf } from './lifetime.js'
import { type CutReason, NO_OBSERVER, type StreamObserver } from './observer.js'
import { type Outlet, openOutlet } from './outlet.js'

/** A reader of any stream, whatever it is sent. */
export interface StreamReader {
  readonly outlet: Outlet
  ended: boolean
  /** When its next heartbeat is due. */
  beatAt: number
  /** When its stream is ended, to be opened anew. */
  readonly endAt: number
}

export interface Lifetimes {
  /** Milliseconds between heartbeats. */
  heartbeat: number
  /** Milliseconds until a stream is ended, to be opened anew; a tenth more or less. */
  timeout: number
  observer?: StreamObserver
  now?: () => number
  random?: () => number
}

export interface ReadersOptions<Reader extends StreamReader> extends Lifetimes {
  /** Gives a reader's heartbeat; undefined to try again at the next look. */
  heartbeatOf: (reader: Reader) => string | undefined
  /** Called once with each reader that has gone. */
  onGone: (reader: Reader) => void
}

/** The readers of one stream, from the first byte to the last. */
export interface Readers<Reader extends StreamReader> {
  readonly all: ReadonlySet<Reader>
  /** Opens the way to a reader. `make` adds to it what this stream keeps of a reader. */
  add(
    response: ServerResponse,
    make: (life: StreamReader) => Reader,
    onDrain: (reader: Reader) => void,
  ): Reader
  say(reader: Reader, text: string): void
  /** Ends the stream in order, after this text. */
  end(reader: Reader, text?: string): void
  /** The same before the launch is over. */
  cut(reader: Reader, reason: CutReason, text?: string): void
  /** The same for all readers. */
  cutAll(reason: CutReason): void
  /** Looks after heartbeats, rotation and stalls, in slices; called every second. */
  tick(slices: Slices): Promise<void>
  /** Ends all streams, evenly over so many milliseconds, for clients to connect anew. */
  drain(over: number, farewell: (reader: Reader, retry: number) => string): Promise<void>
}

export function createReaders<Reader extends StreamReader>({
  heartbeat,
  timeout,
  heartbeatOf,
  onGone,
  observer = NO_OBSERVER,
  now = () => performance.now(),
  random = Math.random,
}: ReadersOptions<Reader>): Readers<Reader> {
  const all = new Set<Reader>()
  return { all, add, say, end, cut, cutAll, tick, drain }

  function add(
    response: ServerResponse,
    make: (life: StreamReader) => Reader,
    onDrain: (reader: Reader) => void,
  ): Reader {
    const reader = make({
      outlet: openOutlet(response, () => onDrain(reader)),
      ended: false,
      beatAt: now() + heartbeat,
      endAt: now() + lifetimeOf(timeout, random),
    })
    all.add(reader)
    onceClosed(response, () => remove(reader))
    return reader
  }

  function say({ ended, outlet }: Reader, text: string): void {
    if (!ended && text !== '') outlet.writeText(text)
  }

  function end(reader: Reader, text = ''): void {
    if (reader.ended) return
    say(reader, text)
    remove(reader)
    reader.outlet.end()
  }

  function cut(reader: Reader, reason: CutReason, text = ''): void {
    if (!reader.ended) observer.cut(reason)
    end(reader, text)
  }

  function cutAll(reason: CutReason): void {
    for (const reader of [...all]) cut(reader, reason)
  }

  function remove(reader: Reader): void {
    reader.ended = true
    if (all.delete(reader)) onGone(reader)
  }

  async function tick(slices: Slices): Promise<void> {
    for (const reader of [...all]) {
      if (slices.isOver()) await slices.next()
      // It has left since the last slice.
      if (reader.ended) continue
      const time = now()
      if (time >= reader.endAt) cut(reader, 'rotated')
      else if (reader.outlet.isStalled(time)) {
        observer.cut('stalled')
        reader.outlet.destroy()
      } else if (time >= reader.beatAt) beat(reader, time)
    }
  }

  function beat(reader: Reader, time: number): void {
    // A full socket already has bytes that show whether its peer is there.
    const text = reader.outlet.hasRoom() ? heartbeatOf(reader) : undefined
    if (text === undefined) return
    reader.beatAt = time + heartbeat
    say(reader, text)
  }

  function drain(over: number, farewell: (reader: Reader, retry: number) => string): Promise<void> {
    return endEvenly(all, over, {
      end: (reader, retry) => cut(reader, 'stopping', farewell(reader, retry)),
      random,
    })
  }
}
