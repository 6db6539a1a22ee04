import { ownTurn } from '../../async/turns.js'
import { framed } from '../outlet.js'
import { createPace } from '../pace.js'
import type { Advance, Taken } from './advance.js'
import { dropPosition, isSamePosition, type Position } from './position.js'
import type { MergedReader } from './reader.js'
import type { Sources } from './sources.js'
import type { Pages } from './step.js'

/** The readers that have everything. They share a position, and what comes is one Buffer for all of them. */
export interface Live {
  /** Something has happened to a log, or to the registry. */
  news(): void
  /** Where they are; undefined while it is not known what they have been sent, or where there are none. */
  position(): Position | undefined
  /** Takes a reader in that has come as far as they have. Otherwise it stays behind. */
  take(reader: MergedReader, position: Position): void
  /** A reader has gone. */
  left(): void
}

export interface LiveOptions {
  readers: ReadonlySet<MergedReader>
  sources: Sources
  advance: Advance
  /** The reader has no room for more. */
  fallBehind: (reader: MergedReader, position: Position) => void
  /** What there was is sent, and the readers that are behind go on. */
  onSent: () => void
  /** Ends the stream of a reader that has come so far, if it ends there. */
  endAfter: (reader: MergedReader, position: Position, error: unknown) => void
  /** Something threw: it is not known any more which reader has been sent what. */
  fail: (error: unknown, readers: readonly MergedReader[]) => void
  now: () => number
}

export function createLive(options: LiveOptions): Live {
  const { readers, sources, advance, fallBehind, onSent, endAfter, fail, now } = options
  let shared: Position | undefined
  /** Something happened during a flush. */
  let again = false
  const pace = createPace(() => void flush(), now)
  return {
    news,
    position: () => (pace.isRunning() ? undefined : shared),
    take,
    left: dropUnused,
  }

  function news(): void {
    again = true
    pace.plan()
  }

  async function flush(): Promise<void> {
    again = false
    let took = 0
    const pages: Pages = new Map()
    try {
      for (let more = true; shared && more && live().length > 0; ) {
        const taken = await advance(shared, pages)
        const begun = now()
        send(taken, shared)
        took += now() - begun
        more = taken.more && taken.error === undefined
        if (more && taken.text === '') await ownTurn()
      }
    } catch (error) {
      fail(error, live())
    }
    pace.ended(took)
    dropUnused()
    onSent()
    if (again) pace.plan()
  }

  function live(): MergedReader[] {
    return [...readers].filter(({ position }) => !position)
  }

  function send({ text, error }: Taken, position: Position): void {
    const buffers = new Map<boolean, Buffer>()
    for (const reader of text === '' ? [] : live()) {
      const { outlet } = reader
      const buffer = buffers.get(outlet.chunked) ?? framed(text, outlet.chunked)
      buffers.set(outlet.chunked, buffer)
      if (!outlet.write(buffer)) fallBehind(reader, position)
    }
    for (const reader of live()) endAfter(reader, position, error)
  }

  function take(reader: MergedReader, position: Position): void {
    if (pace.isRunning()) return
    shared ??= position
    if (shared !== position && !isSamePosition(position, shared)) return
    const { scanned, matched } = position
    reader.ahead = { scanned: scanned - shared.scanned, matched: matched - shared.matched }
    if (shared !== position) dropPosition(position, sources)
    reader.position = undefined
  }

  /** A flush looks again when it has ended. */
  function dropUnused(): void {
    if (!shared || pace.isRunning() || live().length > 0) return
    dropPosition(shared, sources)
    shared = undefined
  }
}
