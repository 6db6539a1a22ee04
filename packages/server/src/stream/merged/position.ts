import { type Cursor, formatCursor, type Instant } from '@launchtail/client/protocol'
import { createIdWriter, ENDS, type IdWriter } from './id.js'
import type { Source, Sources } from './sources.js'

/** How far a reader has come in one node's log. */
export interface Place {
  readonly source: Source
  /** The launch's number. */
  number: number
  cursor: Cursor
  /** The source's list in which the cursor was found; -1 for none yet. */
  list: number
  /** The latest time of the entries sent, in seconds: in a merge a later entry counts as no earlier. */
  time: number
  /** Entries before `until` are passed over unless they are later than `since`. */
  readonly history: { readonly since: Instant; readonly until: number } | undefined
}

/** How far a reader of many nodes has come: what an event id says, and the logs to read on in. */
export interface Position {
  /** By node. */
  readonly places: Map<string, Place>
  /** The number of the newest launch that is known. */
  joined: number
  /** Counts the looks at the registry for launches that join; see `members.ts`. */
  looked: number
  ends: number[]
  /** The place with further events of the entry at its cursor. */
  rest: Place | undefined
  isEnd: boolean
  /** Entries that a filter has looked at, and those that it has let through. */
  scanned: number
  matched: number
  readonly ids: IdWriter
}

export function newPosition(filter: Buffer, joined: number): Position {
  return {
    places: new Map(),
    joined,
    looked: -1,
    ends: ENDS.map(() => 0),
    rest: undefined,
    isEnd: false,
    scanned: 0,
    matched: 0,
    ids: createIdWriter(filter),
  }
}

export function newPlace(
  source: Source,
  { number, cursor, history }: Pick<Place, 'number' | 'cursor'> & Partial<Pick<Place, 'history'>>,
): Place {
  const time = Number.NEGATIVE_INFINITY
  const list = cursor.index < 0 ? source.list : -1
  return { source, number, cursor, list, time, history }
}

/** The id of a reader that has come so far. `current` has been sent its entry's events up to its cursor. */
export function idOf(position: Position, current: Place | undefined = position.rest): string {
  const { places, joined, ends, isEnd, ids } = position
  return ids.write({ joined, ends, isEnd, launches: () => sorted(places) }, current)
}

/** The reader has seen more of a node's log. */
export function moveTo(position: Position, place: Place, cursor: Cursor): void {
  place.cursor = cursor
  position.ids.moved(place)
}

/** The node has been launched anew before its earlier launch was told to have ended. */
export function renumber(position: Position, place: Place, number: number): void {
  place.number = number
  position.ids.changed()
}

function sorted(places: ReadonlyMap<string, Place>): readonly Place[] {
  return [...places.values()].sort((a, b) => a.number - b.number)
}

export function addPlace(position: Position, place: Place): void {
  position.places.set(place.source.nodeId, place)
  position.ids.changed()
}

export function removePlace(position: Position, place: Place, sources: Sources): void {
  position.places.delete(place.source.nodeId)
  if (position.rest === place) position.rest = undefined
  position.ids.changed()
  sources.release(place.source)
}

/** The same place again, for a reader that falls behind. */
export function copyOf(position: Position, filter: Buffer, sources: Sources): Position {
  const places = new Map<string, Place>()
  for (const [nodeId, place] of position.places) {
    sources.share(place.source)
    places.set(nodeId, { ...place })
  }
  const rest = position.rest && places.get(position.rest.source.nodeId)
  return { ...position, places, rest, ends: [...position.ends], ids: createIdWriter(filter) }
}

export function dropPosition(position: Position, sources: Sources): void {
  for (const place of [...position.places.values()]) removePlace(position, place, sources)
}

/** True if two readers have come equally far, and are sent the same from here on. */
export function isSamePosition(one: Position, other: Position): boolean {
  if (one.joined !== other.joined || one.places.size !== other.places.size) return false
  if (one.rest || other.rest || one.ends.some((count, i) => count !== other.ends[i])) return false
  for (const [nodeId, { source, number, cursor }] of one.places) {
    const place = other.places.get(nodeId)
    if (place?.source !== source || place.number !== number) return false
    if (formatCursor(place.cursor) !== formatCursor(cursor)) return false
  }
  return true
}
