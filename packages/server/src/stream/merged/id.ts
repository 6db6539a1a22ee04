import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { type Cursor, ENTRY_EVENTS, type EntryEvent, START } from '@launchtail/client/protocol'

/**
 * The event ids of streams of many nodes. An id says for each launch that is open in the stream how far
 * the reader has come in its log:
 *
 *     'm', and in base64url: version · flags · filter (4 bytes) · newest launch · ends · number of
 *     launches · for each launch, by number: difference of numbers, index + 1, check
 *     · launch whose event this is · event · CRC-32
 *
 * Numbers are varints. A launch that is not there has ended, if it is not newer than the newest.
 */
export interface MergedId {
  /** The number of the newest launch that the stream knew. */
  readonly joined: number
  /** How the launches have ended of which `done` was told, in the order of ENDS. */
  readonly ends: readonly number[]
  /** By number. Their checks may be cut short. */
  readonly launches: readonly LaunchAt[]
  /** The launch that has more events of the entry at its cursor; 0 where none has. */
  readonly current: number
  /** True after `end`. */
  readonly isEnd: boolean
}

export interface LaunchAt {
  readonly number: number
  readonly cursor: Cursor
}

/** The outcomes that are counted for `end`. */
export const ENDS = ['active', 'failed', 'terminated', 'deleted'] as const

/** The most characters of an id. Proxies refuse headers of 8 KB. */
export const LONGEST_ID = 4096

/** Room for everything except the launches. */
const SPARE = 64
const ROOM = Math.floor(((LONGEST_ID - 1) * 3) / 4) - SPARE

const VERSION = 1
/** The event of a launch whose entry was seen whole. */
const WHOLE: EntryEvent = 'done'
/** Bytes of a check in an id, and the size up to which they are used: each event carries all of them. */
const CHECK_BYTES = [4, 2, 1] as const
const MOST_BYTES = { 4: 256, 2: ROOM, 1: Number.POSITIVE_INFINITY } as const
const FIXED = 6
const CRC = 4
const END_FLAG = 0x80

/** Tells streams of other filters, or of another server's launches, from this one. */
export function filterHash(filter: string): Buffer {
  return hash('sha256', filter, 'buffer').subarray(0, 4)
}

/** Writes the ids of one reader. Between two of them mostly one index has changed. */
export interface IdWriter {
  /** `current` has been sent its entry's events up to the cursor's event. */
  write(state: Written, current: LaunchAt | undefined): string
  /** The launch has another cursor. */
  moved(launch: LaunchAt): void
  /** Other launches than before, or other numbers beside them. */
  changed(): void
}

interface Written extends Omit<MergedId, 'current' | 'launches'> {
  /** By number. Asked for only where they are written anew. */
  readonly launches: () => readonly LaunchAt[]
}

export function createIdWriter(filter: Buffer): IdWriter {
  let bytes = Buffer.alloc(0)
  let end = 0
  let isStale = true
  /** Where each launch's index is in `bytes`, and what it is. */
  const places = new Map<number, { readonly at: number; index: number }>()
  let checkBytes = 4
  return {
    write(state, current) {
      if (isStale) encode(state)
      let at = writeVarint(bytes, end, current?.number ?? 0)
      bytes[at] = ENTRY_EVENTS.indexOf(current?.cursor.event ?? WHOLE)
      at += 1
      bytes.writeUInt32BE(crc32(bytes.subarray(0, at)) >>> 0, at)
      return `m${bytes.toString('base64url', 0, at + CRC)}`
    },
    moved(launch) {
      if (!isStale && !patch(launch)) isStale = true
    },
    changed() {
      isStale = true
    },
  }

  /** True if the launch's cursor takes as many bytes as before. */
  function patch({ number, cursor }: LaunchAt): boolean {
    const place = places.get(number)
    if (!place || lengthOf(place.index + 1) !== lengthOf(cursor.index + 1)) return false
    // Before the first entry there is no check.
    if (place.index < 0 !== cursor.index < 0) return false
    if (cursor.index >= 0 && cursor.check.length < checkBytes * 2) return false
    place.index = cursor.index
    writeCursor(bytes, place.at, cursor, checkBytes)
    return true
  }

  function encode({ joined, ends, isEnd, ...state }: Written): void {
    const launches = state.launches()
    checkBytes = checkBytesFor(launches)
    bytes = Buffer.alloc(sizeOf(launches, checkBytes) + SPARE)
    bytes[0] = VERSION
    bytes[1] = checkBytes | (isEnd ? END_FLAG : 0)
    filter.copy(bytes, 2)
    let at = FIXED
    for (const number of [joined, ...ends, launches.length]) at = writeVarint(bytes, at, number)
    places.clear()
    let before = 0
    for (const { number, cursor } of launches) {
      at = writeVarint(bytes, at, number - before)
      before = number
      places.set(number, { at, index: cursor.index })
      at = writeCursor(bytes, at, cursor, checkBytes)
    }
    end = at
    isStale = false
  }
}

/** A check that was cut short in an earlier id cannot be made longer. */
function checkBytesFor(launches: readonly LaunchAt[]): number {
  let known = 4
  for (const { cursor } of launches) {
    if (cursor.index >= 0) known = Math.min(known, cursor.check.length / 2)
  }
  return (
    CHECK_BYTES.find((size) => size <= known && sizeOf(launches, size) <= MOST_BYTES[size]) ?? 1
  )
}

function sizeOf(launches: readonly LaunchAt[], checkBytes: number): number {
  let size = 0
  let before = 0
  for (const { number, cursor } of launches) {
    size += lengthOf(number - before) + lengthOf(cursor.index + 1) + checkBytes
    before = number
  }
  return size
}

function writeCursor(bytes: Buffer, at: number, { index, check }: Cursor, size: number): number {
  const next = writeVarint(bytes, at, index + 1)
  if (index < 0) return next
  bytes.write(check.slice(0, size * 2), next, 'hex')
  return next + size
}

function writeVarint(bytes: Buffer, at: number, value: number): number {
  let rest = value
  let next = at
  for (; rest >= 0x80; next += 1) {
    bytes[next] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  bytes[next] = rest
  return next + 1
}

function lengthOf(value: number): number {
  let length = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1
  return length
}

/** Reads an id; undefined for one that is damaged, or of a stream with another filter. */
export function readId(text: string, filter: Buffer): MergedId | undefined {
  if (text.length > LONGEST_ID || !/^m[A-Za-z0-9_-]+$/.test(text)) return undefined
  const bytes = Buffer.from(text.slice(1), 'base64url')
  const end = bytes.length - CRC
  if (end < FIXED || bytes.toString('base64url') !== text.slice(1)) return undefined
  if (bytes.readUInt32BE(end) !== crc32(bytes.subarray(0, end)) >>> 0) return undefined
  const checkBytes = (bytes[1] ?? 0) & ~END_FLAG
  if (bytes[0] !== VERSION || !filter.equals(bytes.subarray(2, FIXED))) return undefined
  const isEnd = ((bytes[1] ?? 0) & END_FLAG) !== 0
  return readBody(bytes.subarray(FIXED, end), checkBytes, isEnd)
}

/** What has passed the CRC was written here, unless somebody is at play: so all of it is checked. */
function readBody(bytes: Buffer, checkBytes: number, isEnd: boolean): MergedId | undefined {
  let at = 0
  const joined = varint()
  const ends = ENDS.map(varint)
  const launches: { number: number; cursor: Cursor }[] = []
  let number = 0
  for (let left = varint(); left > 0 && at < bytes.length; left -= 1) {
    number += varint()
    const index = varint() - 1
    const check = bytes.toString('hex', at, at + checkBytes)
    if (index >= 0) at += checkBytes
    launches.push({ number, cursor: index < 0 ? START : { index, check, event: WHOLE } })
  }
  const current = varint()
  const event = ENTRY_EVENTS[bytes[at] ?? -1]
  const last = launches.find((launch) => launch.number === current)
  if (at !== bytes.length - 1 || !event || !CHECK_BYTES.includes(checkBytes as 1)) return undefined
  if (current !== 0 && !last) return undefined
  if (last && last.cursor.index >= 0) last.cursor = { ...last.cursor, event }
  return { joined, ends, launches, current, isEnd }

  function varint(): number {
    let value = 0
    for (let scale = 1; at < bytes.length; scale *= 0x80) {
      const byte = bytes[at] as number
      at += 1
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value <= Number.MAX_SAFE_INTEGER ? value : 0
    }
    return value
  }
}
