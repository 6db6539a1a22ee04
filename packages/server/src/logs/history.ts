import {
  type Cursor,
  compareInstants,
  type Instant,
  type Level,
  type LogEntry,
  parseInstant,
  START,
} from '@launchtail/client/protocol'
import { pulled } from '../async/pulled.js'
import { HttpError } from '../errors.js'
import { checkOf } from './check.js'
import type { ReadText } from './entry-text.js'
import { lastEventOf } from './events.js'
import { ListChanged, pagesBackOf, pagesOf } from './history-pages.js'
import { firstAfter, lastBefore } from './history-range.js'
import type { Source } from './history-source.js'

export interface HistoryOptions<Match> extends Source<Match> {
  readText: ReadText
}

export interface HistoryFilter {
  readonly tail: number
  readonly before?: Cursor | undefined
  readonly after?: Cursor | undefined
  /** A part of the list, as if there were nothing else: from an index on, up to another one. */
  readonly within?: { readonly from: number; readonly to: number } | undefined
  /** The order of the pages; by default, the oldest come first. */
  readonly order?: 'asc' | 'desc'
}

/** A part of a node's list. */
export interface Excerpt<Match> {
  /** The first entry that was looked at; undefined if there was none. */
  readonly first: Cursor | undefined
  /** The last one; where there was none, the entry that would be before it. */
  readonly last: Cursor
  /** The number of entries in the list. */
  readonly length: number
  /** All that was found, oldest first, if it is small. */
  readonly found: readonly Match[] | undefined
  /** What was found, a page at a time. Throws if the list becomes another one meanwhile. */
  pages(): AsyncIterable<readonly Match[]>
}

/**
 * The last `tail` entries of a list that match, those before an entry, or the first ones after it.
 * What it takes in memory does not depend on how many they are: a first look finds where they begin
 * and end, and a second one sends them.
 */
export async function readHistory<Match>(
  options: HistoryOptions<Match>,
  filter: HistoryFilter,
): Promise<Excerpt<Match>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await readOnce(options, filter)
    } catch (error) {
      // It expired, or another program replaced it, between the two looks.
      if (!(error instanceof ListChanged)) throw error
      if (attempt === ATTEMPTS) throw new HttpError(503, 'the log is changing, try again', AGAIN)
    }
  }
}

const ATTEMPTS = 5
const AGAIN = { headers: { 'Retry-After': '1' } }

const WHOLE = { from: 0, to: Number.POSITIVE_INFINITY }

async function readOnce<Match>(
  options: HistoryOptions<Match>,
  { tail, before, after, within = WHOLE, order }: HistoryFilter,
): Promise<Excerpt<Match>> {
  const { store, readText, nodeId } = options
  const length = Math.min(await store.length(nodeId), within.to)
  const lowest = Math.min(within.from, length)
  const range = after
    ? await firstAfter(options, {
        from: Math.max(lowest, (await indexOf(after)) + 1),
        ...{ length, tail },
      })
    : await lastBefore(options, {
        to: Math.max(lowest, Math.min(length, before ? await indexOf(before) : length)),
        ...{ lowest, tail },
      })
  const { from, to, kept, oldest, newest } = range
  const first = from < to ? await cursorAt(from, oldest) : undefined
  const last = await cursorAt(to - 1, newest)
  const isDown = order === 'desc'
  const pages = kept
    ? onePage(isDown ? kept.toReversed() : kept)
    : await begun((isDown ? pagesBackOf : pagesOf)(options, { from, to }))
  if (!kept && (await store.length(nodeId)) < to) throw new ListChanged('the list is shorter')
  return { first, last, length, found: kept, pages: () => pages }

  /** The index of the entry that a cursor names. */
  async function indexOf({ index, check }: Cursor): Promise<number> {
    if (index < 0) return index
    const [text] = await store.read(nodeId, index, 1)
    if (text !== undefined && checkOf(text) === check) return index
    throw new HttpError(410, 'cursor expired')
  }

  async function cursorAt(index: number, seen: string | undefined): Promise<Cursor> {
    if (index < 0) return START
    const text = seen ?? (await store.read(nodeId, index, 1))[0]
    if (text === undefined) return START
    const entry = readText(text, nodeId)
    return { index, check: checkOf(text), event: entry ? lastEventOf(entry) : 'log' }
  }
}

async function* onePage<Match>(page: readonly Match[]): AsyncGenerator<readonly Match[]> {
  yield page
}

/** The same pages, of which the first has been read. */
async function begun<Page>(pages: AsyncIterator<Page>): Promise<AsyncIterable<Page>> {
  let first: IteratorResult<Page> | undefined = await pages.next()
  return pulled(async () => {
    const page = first ?? (await pages.next())
    first = undefined
    return page.done ? undefined : page.value
  })
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
