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
import { lastEventOf } from './events.js'
import type { LogStore } from './store.js'

export interface HistoryFilter {
  readonly tail: number
  readonly since?: Instant | undefined
  readonly level?: ReadonlySet<Level> | undefined
  readonly before?: Cursor | undefined
  readonly after?: Cursor | undefined
}

/** What is taken of the entries that pass the filters; undefined for a text that is passed over. */
type Pick<T> = (text: string, index: number) => T | undefined

export interface History<T> {
  readonly found: T[]
  /** Of the list's newest entry, whether it was found or not. */
  readonly cursor: Cursor
  /** How many entries the list has. */
  readonly length: number
}

export interface HistoryOptions {
  store: LogStore
  readText: (text: string) => LogEntry | undefined
  nodeId: string
}

const PAGE = 500

/**
 * The last `tail` entries that pass the filters, oldest first. Read from the end, a page at a time,
 * and no further than needed: what it costs does not grow with the list.
 */
export async function readHistory<T>(
  { store, readText, nodeId }: HistoryOptions,
  { tail, before, after }: HistoryFilter,
  pick: Pick<T>,
): Promise<History<T>> {
  const length = await store.length(nodeId)
  const end = before ? Math.min(length, await placeOf(before, 'before')) : length
  const start = after ? (await placeOf(after, 'after')) + 1 : 0
  const pages: T[][] = []
  let newest: { index: number; text: string } | undefined
  let missing = tail
  for (let to = end; to > start && missing > 0; ) {
    const from = Math.max(start, to - Math.min(PAGE, Math.max(missing, MIN_PAGE)))
    const texts = await store.read(nodeId, from, to - from)
    const last = texts.at(-1)
    if (!newest && last !== undefined) newest = { index: from + texts.length - 1, text: last }
    const page: T[] = []
    for (let i = texts.length - 1; i >= 0 && page.length < missing; i -= 1) {
      const picked = pick(texts[i] as string, from + i)
      if (picked !== undefined) page.push(picked)
    }
    missing -= page.length
    pages.push(page.reverse())
    to = from
  }
  return { found: pages.reverse().flat(), cursor: await tip(), length }

  /** The index of the entry that a cursor names. */
  async function placeOf({ index, check }: Cursor, name: string): Promise<number> {
    if (index < 0) return index
    const [text] = await store.read(nodeId, index, 1)
    if (text !== undefined && checkOf(text) === check) return index
    throw new HttpError(410, `'${name}' names an entry that is not in the log any more`)
  }

  async function tip(): Promise<Cursor> {
    if (length === 0) return START
    const [text] =
      newest?.index === length - 1 ? [newest.text] : await store.read(nodeId, length - 1, 1)
    if (text === undefined) return START
    return cursorOfText(length - 1, text, readText(text))
  }
}

/** A filter that hides most should not make for many small reads. */
const MIN_PAGE = 100

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

/** The cursor of a reader that has seen everything up to and with this text. */
function cursorOfText(index: number, text: string, entry: LogEntry | undefined): Cursor {
  return { index, check: checkOf(text), event: entry ? lastEventOf(entry) : 'log' }
}
