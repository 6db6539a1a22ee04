import { type Cursor, formatCursor, type LogEntry } from '@launchtail/client/protocol'
import type { LogFilter } from '../find/log-filter.js'
import { comesAfter, eventsOf } from '../logs/events.js'
import type { EntryFrames, Item } from './feed/item.js'
import type { Format } from './formats.js'

/**
 * All events of an entry in a format, except `done`. A filter thins out `log` alone, so readers with
 * filters share what was framed: it is kept at the item, in two parts.
 */
export function frameOf(format: Format, filter: LogFilter | undefined, item: Item): string {
  const { entry, frames } = item
  if (!entry) return ''
  let frame = frames[format.name]
  if (!frame) {
    frame = framesAfter(format, item, entry, undefined)
    frames[format.name] = frame
  }
  return passing(frame, filter, item)
}

/** The events of an entry that a reader at this cursor in it has not seen. */
export function restFrameOf(
  format: Format,
  filter: LogFilter | undefined,
  item: Item,
  { event }: Cursor,
): string {
  const { entry } = item
  return entry ? passing(framesAfter(format, item, entry, event), filter, item) : ''
}

function passing({ log, others }: EntryFrames, filter: LogFilter | undefined, item: Item): string {
  if (filter && !filter.passes(item)) return others
  return others === '' ? log : log + others
}

function framesAfter(
  format: Format,
  item: Item,
  entry: LogEntry,
  seen: Cursor['event'] | undefined,
): EntryFrames {
  const { index, check } = item
  let log = ''
  let others = ''
  for (const event of eventsOf(entry)) {
    if (seen !== undefined && !comesAfter(event.event, seen)) continue
    const id = formatCursor({ index, check, event: event.event })
    if (event.event !== 'log') others += format.entryEvent(event, entry, id)
    else {
      // Nearly always the very text that is stored: then it is in memory once, not twice.
      const data = event.data === item.text ? item.text : event.data
      log = format.entryEvent({ event: 'log', data }, entry, id)
    }
  }
  return { log, others }
}
