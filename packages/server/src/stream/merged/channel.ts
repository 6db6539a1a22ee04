import type { ServerResponse } from 'node:http'
import type { Instant } from '@launchtail/client/protocol'
import type { Slices } from '../../async/slices.js'
import { StorageUnavailable } from '../../errors.js'
import { lostFrame } from '../faults.js'
import { FORMATS } from '../formats.js'
import { retryOf } from '../lifetime.js'
import { createReaders, type Lifetimes } from '../readers.js'
import type { Advance } from './advance.js'
import { createBehind } from './behind.js'
import { overflowText } from './events.js'
import { createLive } from './live.js'
import { TooManyOpen } from './members.js'
import { copyOf, idOf, type Position } from './position.js'
import type { MergedReader } from './reader.js'
import type { Sources } from './sources.js'

/** The readers of one stream of many logs: of the same nodes, through the same filter. */
export interface Channel {
  add(response: ServerResponse, position: Position, first: string): void
  /** Something has happened to a log, or to the registry. */
  news(): void
  lost(): void
  found(): void
  /** Looks after heartbeats, rotation, stalls and lost storage; called every second. */
  tick(slices: Slices): Promise<void>
  size(): number
  drain(over: number): Promise<void>
}

export interface ChannelOptions extends Lifetimes {
  sources: Sources
  advance: Advance
  /** The first bytes of each id. */
  filter: Buffer
  /** True if the readers' filter can hide entries. */
  isFiltered: boolean
  /** The stream ends when this time is over. */
  until: Instant | undefined
  /** Milliseconds a lost storage is waited for. */
  storageGrace: number
  /** Called with each reader that has gone. */
  onGone: () => void
  onFault: (message: string, error: unknown) => void
}

const { sse } = FORMATS

export function createChannel(options: ChannelOptions): Channel {
  const { sources, advance, filter, isFiltered, until, storageGrace, onGone, onFault } = options
  const { now = () => performance.now(), random = Math.random } = options
  let lostAt: number | undefined
  const readers = createReaders<MergedReader>({ ...options, heartbeatOf, onGone: gone })
  const { all, say, end, cut, cutAll } = readers
  const parts = { sources, advance, endAfter, fail }
  const behind = createBehind({ ...parts, say, arrive })
  const onSent = () => all.forEach(behind.goOn)
  const live = createLive({ ...parts, readers: all, fallBehind, onSent, now })
  return {
    add,
    news: live.news,
    lost,
    found,
    tick,
    size: () => all.size,
    drain: (over) => readers.drain(over, (_reader, retry) => sse.retry(retry)),
  }

  function add(response: ServerResponse, position: Position, first: string): void {
    const { socket } = response
    // The head and everything at hand go out in one write.
    socket?.cork()
    try {
      const own = { position, catchingUp: false, again: false, ahead: NOT_AHEAD }
      const reader = readers.add(response, (life) => ({ ...life, ...own }), behind.goOn)
      const opening = sse.opening(idOf(position), retryOf(random)) + first
      say(reader, lostAt === undefined ? opening : opening + lostFrame(sse))
      behind.goOn(reader)
    } finally {
      socket?.uncork()
    }
  }

  function gone(reader: MergedReader): void {
    behind.drop(reader)
    live.left()
    onGone()
  }

  function arrive(reader: MergedReader, position: Position): void {
    if (isOver(until)) end(reader)
    else live.take(reader, position)
  }

  function fallBehind(reader: MergedReader, position: Position): void {
    reader.position = copyOf(position, filter, sources)
    reader.position.scanned += reader.ahead.scanned
    reader.position.matched += reader.ahead.matched
  }

  function endAfter(reader: MergedReader, position: Position, error: unknown): void {
    if (position.isEnd) end(reader)
    else if (error instanceof TooManyOpen) end(reader, overflowText(error.message))
    // A storage that is out of reach is reported by `lost`; at `found`, and each second, this goes on.
    else if (error !== undefined && !(error instanceof StorageUnavailable)) {
      onFault('reading many logs', error)
    }
  }

  /** The readers come again with the last id that they have seen. */
  function fail(error: unknown, failed: readonly MergedReader[]): void {
    onFault('sending many logs', error)
    for (const reader of failed) cut(reader, 'fault')
  }

  /** Undefined while it is not known what a reader has been sent. */
  function heartbeatOf({ position: own, catchingUp, ahead }: MergedReader): string | undefined {
    const position = own ?? live.position()
    if (!position || catchingUp) return undefined
    const { scanned, matched } = own ? NOT_AHEAD : ahead
    const isVain = isFiltered && position.matched + matched === 0
    return sse.heartbeat(idOf(position), isVain ? position.scanned + scanned : undefined)
  }

  function lost(): void {
    if (lostAt !== undefined) return
    lostAt = now()
    for (const reader of all) say(reader, lostFrame(sse))
  }

  function found(): void {
    lostAt = undefined
    live.news()
  }

  async function tick(slices: Slices): Promise<void> {
    await readers.tick(slices)
    if (isOver(until)) for (const reader of all) if (!reader.position) end(reader)
    // A read may have failed while the storage was there, or away too briefly to be reported.
    if (lostAt === undefined) live.news()
    else if (now() - lostAt > storageGrace) cutAll('storage_lost')
  }
}

const NOT_AHEAD = { scanned: 0, matched: 0 }

/** True if the time is over at which a stream ends. */
export function isOver(until: Instant | undefined): boolean {
  return until !== undefined && Date.now() > until.seconds * 1000 + until.nanos / 1e6
}
