import {
  type Cursor,
  formatCursor,
  type Level,
  type LogEntry,
  plain,
} from '@launchtail/client/protocol'
import { comesAfter, doneOf, type EntryEventData, eventsOf } from '../logs/events.js'
import type { EntryFrames, FormatName, Item } from './item.js'

/** How a stream is written: each gives text that is complete in itself. */
export interface Format {
  readonly name: FormatName
  readonly contentType: string
  /** One event; without an id where it is not an entry's. */
  event(event: string, data: string, id?: string): string
  /** An entry's event in the words of this format; empty where it has none. */
  entryEvent(event: EntryEventData, entry: LogEntry, id: string): string
  /** The stream's first words: the cursor, and how long to wait before connecting again (ms). */
  opening(cursor: string, retry: number): string
  heartbeat(cursor: string): string
  retry(ms: number): string
}

const sse: Format = {
  name: 'sse',
  contentType: 'text/event-stream',
  event: (event, data, id) =>
    id === undefined
      ? `event: ${event}\ndata: ${data}\n\n`
      : `event: ${event}\ndata: ${data}\nid: ${id}\n\n`,
  entryEvent: ({ event, data }, _entry, id) => sse.event(event, data, id),
  // A block that is only an id moves a browser's last event id without an event.
  opening: (cursor, retry) => `: cursor ${cursor}\nretry: ${retry}\n\nid: ${cursor}\n\n`,
  heartbeat: (cursor) => `: cursor ${cursor}\n\nid: ${cursor}\n\n`,
  retry: (ms) => `retry: ${ms}\n\n`,
}

const ndjson: Format = {
  name: 'ndjson',
  contentType: 'application/x-ndjson; charset=utf-8',
  event: (event, data, id) =>
    `{"event":${JSON.stringify(event)},${id === undefined ? '' : `"id":${JSON.stringify(id)},`}"data":${data}}\n`,
  entryEvent: ({ event, data }, _entry, id) => ndjson.event(event, data, id),
  opening: (cursor) => ndjson.event('cursor', '{}', cursor),
  heartbeat: (cursor) => ndjson.event('cursor', '{}', cursor),
  retry: () => '',
}

const text: Format = {
  name: 'text',
  contentType: 'text/plain; charset=utf-8',
  event: (event, data) => `-- ${event}: ${plain(wordsOf(JSON.parse(data)))}\n`,
  entryEvent({ event, data }, entry, id) {
    if (event === 'log') return `${readableEntry(entry)}\n`
    return event === 'done' ? text.event(event, data, id) : ''
  },
  // There is no comment in plain text; what is sent is what is read.
  opening: () => '',
  heartbeat: () => '',
  retry: () => '',
}

export const FORMATS = { sse, ndjson, text } as const

/** An entry as one readable line. */
export function readableEntry({ timestamp, level, message, phase, progress, details }: LogEntry) {
  const percent = progress === undefined ? '' : ` ${Math.round(progress)}%`
  const more = details ? ` (${details})` : ''
  return plain(
    `${timestamp} ${level.toUpperCase().padEnd(5)} [${phase}${percent}] ${message}${more}`.replace(
      /[\r\n\u0085\u2028\u2029]+/g,
      ' ',
    ),
  )
}

function wordsOf(data: Record<string, unknown>): string {
  return Object.values(data)
    .filter((value) => value !== '')
    .join(' ')
    .replace(/[\r\n\u0085\u2028\u2029]+/g, ' ')
}

/** What a reader asked to see, beside what always comes. */
export type LevelFilter = ReadonlySet<Level> | undefined

/**
 * All events of an entry in a format, `done` aside. `level` thins out `log` alone, so readers with
 * filters share what was framed: it is kept at the item, in two parts.
 */
export function frameOf(format: Format, levels: LevelFilter, item: Item): string {
  const { entry, frames } = item
  if (!entry) return ''
  let frame = frames[format.name]
  if (!frame) {
    frame = framesAfter(format, item, entry, undefined)
    frames[format.name] = frame
  }
  return passing(frame, levels, entry)
}

/** Those of an entry's events that a reader at this cursor of it has not seen. */
export function restFrameOf(
  format: Format,
  levels: LevelFilter,
  item: Item,
  { event }: Cursor,
): string {
  const { entry } = item
  return entry ? passing(framesAfter(format, item, entry, event), levels, entry) : ''
}

function passing({ log, others }: EntryFrames, levels: LevelFilter, { level }: LogEntry): string {
  if (levels && !levels.has(level)) return others
  return others === '' ? log : log + others
}

function framesAfter(
  format: Format,
  item: Item,
  entry: LogEntry,
  seen: Cursor['event'] | undefined,
): EntryFrames {
  let log = ''
  let others = ''
  for (const event of eventsOf(entry)) {
    if (seen !== undefined && !comesAfter(event.event, seen)) continue
    const id = idOf(item, event.event)
    if (event.event !== 'log') others += format.entryEvent(event, entry, id)
    else {
      // Nearly always the very text that is stored: then it is in memory once, not twice.
      const data = event.data === item.text ? item.text : event.data
      log = format.entryEvent({ event: 'log', data }, entry, id)
    }
  }
  return { log, others }
}

/** The `done` that follows an entry which ends a launch; empty for any other. */
export function doneFrameOf(format: Format, item: Item): string {
  const done = item.entry && doneOf(item.entry)
  return done && item.entry ? format.entryEvent(done, item.entry, idOf(item, 'done')) : ''
}

function idOf({ index, check }: Item, event: Cursor['event']): string {
  return formatCursor({ index, check, event })
}
