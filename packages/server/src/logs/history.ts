import {
  type Cursor,
  compareInstants,
  type Instant,
  type Level,
  type LogEntry,
  parseInstant,
  START,
} from '@launchtail/client/protocol'
import { HttpError } from '../errors.js'
import { checkOf } from './check.js'
import type { ReadText } from './entry-text.js'
import { lastEventOf } from './events.js'
import { lastMatching } from './last-matching.js'
import type { LogStore } from './store.js'

export interface HistoryFilter {
  readonly tail: number
  readonly before?: Cursor | undefined
  readonly after?: Cursor | undefined
}

/** A part of a node's list. */
export interface Excerpt<Match> {
  readonly found: Match[]
  /** The cursor of the list's newest entry, even if that was not found. */
  readonly cursor: Cursor
  /** The number of entries in the list. */
  readonly length: number
}

export interface HistoryOptions {
  store: LogStore
  readText: ReadText
  nodeId: string
}

/** The last `tail` entries for which `match` gives anything, as it gives them, oldest first. */
export async function readHistory<Match>(
  { store, readText, nodeId }: HistoryOptions,
  { tail, before, after }: HistoryFilter,
  match: (text: string, index: number) => Match | undefined,
): Promise<Excerpt<Match>> {
  const length = await store.length(nodeId)
  const to = before ? Math.min(length, await indexOf(before, 'before')) : length
  const from = after ? (await indexOf(after, 'after')) + 1 : 0
  let newest: string | undefined
  const found = await lastMatching({ readBefore, from, to, limit: tail, match })
  return { found, cursor: await tip(), length }

  async function readBefore(end: number, limit: number): Promise<string[]> {
    const texts = await store.readBefore(nodeId, end, limit)
    if (end === length) newest ??= texts.at(-1)
    return texts
  }

  /** The index of the entry that a cursor names. */
  async function indexOf({ index, check }: Cursor, name: string): Promise<number> {
    if (index < 0) return index
    const [text] = await store.read(nodeId, index, 1)
    if (text !== undefined && checkOf(text) === check) return index
    throw new HttpError(410, `'${name}' names an entry that is not in the log any more`)
  }

  async function tip(): Promise<Cursor> {
    if (length === 0) return START
    const text = newest ?? (await store.read(nodeId, length - 1, 1))[0]
    if (text === undefined) return START
    const entry = readText(text, nodeId)
    return { index: length - 1, check: checkOf(text), event: entry ? lastEventOf(entry) : 'log' }
  }
}

/** True if an entry is later than a time and of one of the levels. */
export function passes(
  { timestamp, level }: LogEntry,
  since: Instant | undefined,
  levels: ReadonlySet<Level> | undefined,
): boolean {
  if (levels && !levels.has(level)) return false
  if (!since) return true
  const time = parseInstant(timestamp)
  return time !== undefined && compareInstants(time, since) > 0
}
