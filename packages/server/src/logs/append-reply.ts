import { type Cursor, formatCursor, type LogEntry, parseCursor } from '@launchtail/client/protocol'
import { StorageUnavailable } from '../errors.js'
import { checkOf } from './check.js'
import { readEntry } from './entry-text.js'
import { lastEventOf } from './events.js'

/**
 * The answer to an append, without its place in the list, which only the store knows. It is kept
 * for requests that must take effect once, as JSON.
 */
export interface AppendReply {
  readonly accepted: number
  readonly stored: number
  readonly check: string
  readonly event: Cursor['event']
}

export function appendReply(
  accepted: number,
  entries: readonly LogEntry[],
  texts: readonly string[],
  before: string | undefined,
): AppendReply {
  const last = texts.at(-1) ?? before
  const entry = entries.at(-1) ?? (last === undefined ? undefined : readEntry(last))
  return {
    accepted,
    stored: texts.length,
    check: last === undefined ? '0' : checkOf(last),
    event: entry ? lastEventOf(entry) : 'log',
  }
}

/** Reads a kept reply. Throws StorageUnavailable where somebody has put another text in its place. */
export function readReply(text: string): AppendReply {
  const reply = readKept(text)
  const { accepted, stored, check, event } = reply
  if (
    Number.isSafeInteger(accepted) &&
    Number.isSafeInteger(stored) &&
    parseCursor(`0:${check === '0' ? '00000000' : check}:${event}`)
  ) {
    return reply as unknown as AppendReply
  }
  throw notOurs()
}

/** Reads the object in a kept answer; throws as `readReply`. */
export function readKept(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw notOurs()
  }
  if (typeof value !== 'object' || value === null) throw notOurs()
  return value as Record<string, unknown>
}

function notOurs(): StorageUnavailable {
  return new StorageUnavailable('a kept answer is not as we write it')
}

/** The answer, once it is known where the first of the texts is. */
export function answerAt(index: number, { accepted, stored, check, event }: AppendReply) {
  return { accepted, cursor: formatCursor({ index: index + stored - 1, check, event }) }
}
