import {
  type Cursor,
  ENTRY_EVENTS,
  type EntryEvent,
  type ErrorEvent,
  type LogEntry,
  type StatusEvent,
} from '@launchtail/client/protocol'
import { oneLine, writeEntry } from './entry-text.js'
import { OwnEntry } from './own-entry.js'

export interface EntryEventData {
  readonly event: Exclude<EntryEvent, 'done'>
  /** One line of JSON. */
  readonly data: string
}

/**
 * The events of one entry, in their order: a function of the entry alone, so every process gives
 * the same bytes. `done` is not among them: whether it is sent depends on what follows the entry.
 */
export function eventsOf(entry: LogEntry): EntryEventData[] {
  const events: EntryEventData[] = [{ event: 'log', data: writeEntry(entry) }]
  const status = statusOf(entry)
  if (status !== undefined) events.push({ event: 'status', data: status })
  if (entry.level === 'error') {
    const { message: error, details = '', phase } = entry
    events.push({ event: 'error', data: oneLine({ error, details, phase } satisfies ErrorEvent) })
  }
  return events
}

/** The `status` of an entry that has a progress. */
function statusOf(entry: LogEntry): string | undefined {
  const { phase, progress, message } = entry
  if (progress === undefined) return undefined
  if (entry instanceof OwnEntry) {
    return `{"phase":"${phase}","progress":${progress},"message":${entry.quotedMessage()}}`
  }
  return oneLine({ phase, progress, message } satisfies StatusEvent)
}

/** The last event of an entry: a reader that has seen it has seen the entry. */
export function lastEventOf(entry: Pick<LogEntry, 'level' | 'progress'>): EntryEventData['event'] {
  if (entry.level === 'error') return 'error'
  return entry.progress === undefined ? 'log' : 'status'
}

/** True if a reader that has seen `seen` of an entry still lacks `event` of it. */
export function comesAfter(event: EntryEvent, seen: Cursor['event']): boolean {
  return ENTRY_EVENTS.indexOf(event) > ENTRY_EVENTS.indexOf(seen)
}
