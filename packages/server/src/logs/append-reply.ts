import { type Cursor, formatCursor, type LogEntry } from '@launchtail/client/protocol'
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

/** The answer, once it is known where the first of the texts is. */
export function answerAt(index: number, { accepted, stored, check, event }: AppendReply) {
  return { accepted, cursor: formatCursor({ index: index + stored - 1, check, event }) }
}
