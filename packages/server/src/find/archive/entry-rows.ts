import { LEVELS, type LogEntry, parseInstant } from '@launchtail/client/protocol'
import { checkOf } from '../../logs/check.js'
import { readEntry } from '../../logs/entry-text.js'
import { isWhole } from '../../logs/in-context.js'
import type { ArchiveTransaction } from './archive-db.js'
import { noteBlocks } from './blocks.js'
import type { Page } from './pages.js'
import type { StoredRow } from './stored-row.js'

/** An entry that is about to be stored. */
export interface Row extends Omit<StoredRow, 'id'> {
  /** No earlier than that of the entry before it in its list, so that sorting keeps the list's order. */
  readonly order: number
}

/** The rows of a page's entries. */
export function rowsOf(
  { from, texts, checks }: Pick<Page, 'from' | 'texts' | 'checks'>,
  list: number,
): Row[] {
  let order = Number.NEGATIVE_INFINITY
  return texts.map((text, i) => {
    const entry = readEntry(text)
    // What is no entry is kept as a place in the list.
    const whole = entry && isWhole(entry) ? entry : undefined
    const ts = whole ? millisecondsOf(whole) : Math.max(0, order)
    order = Math.max(order, ts)
    return {
      list,
      idx: from + i,
      ts,
      level: whole ? LEVELS.indexOf(whole.level) : 0,
      checked: checks?.[i] ?? (whole ? null : checkOf(text)),
      body: whole ? text : '',
      order,
    }
  })
}

/** In the order in which they came about, whatever node they are of. */
export function inOrder(pages: readonly (readonly Row[])[]): Row[] {
  const rows = pages.flat()
  return pages.length > 1 ? rows.sort((a, b) => a.order - b.order) : rows
}

/** Stores rows under the numbers from `next` on. Returns the number behind the last. */
export async function insertRows(
  db: ArchiveTransaction,
  rows: readonly Row[],
  next: number,
): Promise<number> {
  if (rows.length === 0) return next
  const numbered = rows.map(({ order, ...row }, i) => ({ id: next + i, ...row }))
  await db.insertAll('entries', numbered)
  await noteBlocks(db, numbered)
  return next + rows.length
}

export function sizeOf(rows: readonly Row[]): number {
  return rows.reduce((sum, row) => sum + row.body.length, 0)
}

function millisecondsOf({ timestamp }: LogEntry): number {
  const { seconds, nanos } = parseInstant(timestamp) ?? { seconds: 0, nanos: 0 }
  return seconds * 1000 + Math.floor(nanos / 1e6)
}
