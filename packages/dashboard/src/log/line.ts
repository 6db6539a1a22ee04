import type { LogEntry } from '@launchtail/client'
import { rankIn, wasReadOut } from '@launchtail/client/protocol'
import { inert } from '../parts/inert.js'
import { withoutSequences } from './ansi.js'

/** So much of a message stands in its line; the rest is folded away with the details. */
const LONGEST_LINE = 2000

/** One line of the log, as the page keeps it. */
export interface Line {
  /** The entry's index in the node's list: the line's address. */
  readonly index: number
  readonly entry: LogEntry
  /** Its time in ms since 1970. */
  readonly at: number
  /** Which of several machines or processes wrote it, where it tells. */
  readonly rank: string | undefined
  /** The entry that a search looks at, without colours and the like. */
  readonly searched: LogEntry
}

export function lineOf(entry: LogEntry, id: string): Line {
  return {
    index: Number(id.split(':', 1)[0]),
    entry,
    at: Date.parse(entry.timestamp),
    rank: rankIn(entry.details),
    searched: searchedIn(entry),
  }
}

function searchedIn(entry: LogEntry): LogEntry {
  const { message, details = '' } = entry
  if (!message.includes(ESCAPE) && !details.includes(ESCAPE)) return entry
  return { ...entry, message: withoutSequences(message), details: withoutSequences(details) }
}

const ESCAPE = '\x1b'

/** The part of an entry that stands in its line, and the rest, which is folded away. */
export function foldOf({ entry: { message, details = '' } }: Line): { head: string; rest: string } {
  const end = message.search(/\r?\n/)
  const first = end < 0 ? message : message.slice(0, end)
  const below = end < 0 ? '' : message.slice(end).replace(/^\r?\n/, '')
  const beyond = first.slice(LONGEST_LINE)
  const rest = [beyond, below, details].filter(Boolean).join('\n').replaceAll('\r\n', '\n')
  return { head: first.slice(0, LONGEST_LINE), rest }
}

/** True if nothing is folded away except what was read out of the line itself. */
export function isQuiet({ entry: { message, details = '' } }: Line): boolean {
  return wasReadOut(details) && message.length <= LONGEST_LINE && !message.includes('\n')
}

/** A line as it is copied. */
export function textOf({ entry }: Line): string {
  const level = entry.level === 'info' ? '' : `${entry.level.toUpperCase()} `
  const details = entry.details ? `\n    ${entry.details.replaceAll('\n', '\n    ')}` : ''
  return inert(`${entry.timestamp} ${entry.phase} ${level}${entry.message}${details}`)
}
