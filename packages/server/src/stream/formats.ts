import type { LogEntry } from '@launchtail/client/protocol'
import type { EntryEventData } from '../logs/events.js'
import { readableEntry } from '../logs/readable-entry.js'
import type { FormatName } from './feed/item.js'
import { readableData } from './readable.js'

/** A form in which a stream is written. Each method gives text that is complete in itself. */
export interface Format {
  readonly name: FormatName
  readonly contentType: string
  /** One event; without an id where it is not an entry's. */
  event(event: string, data: string, id?: string): string
  /** An entry's event in this format; empty where it has none. */
  entryEvent(event: EntryEventData, entry: LogEntry, id: string): string
  /** The start of a stream: the cursor, and how long to wait before connecting again (ms). */
  opening(cursor: string, retry: number): string
  /** `scanned` entries were looked at, and none of them has passed the reader's filter. */
  heartbeat(cursor: string, scanned: number | undefined): string
  retry(ms: number): string
}

const sse: Format = {
  name: 'sse',
  // Without a charset, Python's `requests` takes the text for Latin-1.
  contentType: 'text/event-stream; charset=utf-8',
  event: (event, data, id) =>
    id === undefined
      ? `event: ${event}\ndata: ${data}\n\n`
      : `event: ${event}\ndata: ${data}\nid: ${id}\n\n`,
  entryEvent: ({ event, data }, _entry, id) => sse.event(event, data, id),
  // A block that is only an id moves a browser's last event id without an event.
  opening: (cursor, retry) => `: cursor ${cursor}\nretry: ${retry}\n\nid: ${cursor}\n\n`,
  heartbeat: (cursor, scanned) =>
    `: cursor ${cursor}\n${scanned === undefined ? '' : `: scanned=${scanned} matched=0\n`}\nid: ${cursor}\n\n`,
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
  event: (event, data) => `-- ${event}: ${readableData(JSON.parse(data))}\n`,
  // An entry's line shows its status and its error too.
  entryEvent: ({ event }, entry) => (event === 'log' ? `${readableEntry(entry)}\n` : ''),
  // There is no comment in plain text; what is sent is what is read.
  opening: () => '',
  heartbeat: () => '',
  retry: () => '',
}

export const FORMATS = { sse, ndjson, text } as const
