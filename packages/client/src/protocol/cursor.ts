/** The events whose id names an entry. */
export const ENTRY_EVENTS = ['log', 'status', 'error', 'done'] as const

export type EntryEvent = (typeof ENTRY_EVENTS)[number]

/** A position in a node's list: an entry's index and check, and the last of its events. */
export interface Cursor {
  /** The entry's place in the list, from 0; -1 before the first. */
  readonly index: number
  /** The first 8 hex digits of the SHA-256 of the entry as stored; `0` before the first. */
  readonly check: string
  /** The last event of that entry that was seen. */
  readonly event: EntryEvent
}

/** The cursor before a list's first entry. */
export const START: Cursor = { index: -1, check: '0', event: 'log' }

export function formatCursor(cursor: Cursor): string {
  return `${cursor.index}:${cursor.check}:${cursor.event}`
}

const FORM = /^(?:(0|[1-9]\d{0,14}):([0-9a-f]{8})|(-1):0):(log|status|error|done)$/

/** Parses an event id of ours. Returns undefined for any other text. */
export function parseCursor(text: string): Cursor | undefined {
  const match = FORM.exec(text)
  if (!match) return undefined
  const event = match[4] as EntryEvent
  return match[3]
    ? { ...START, event }
    : { index: Number(match[1]), check: match[2] as string, event }
}
