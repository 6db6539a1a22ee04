import type { Sqlite } from '../../sqlite.js'
import type { Stretch } from './blocks.js'
import { entriesOfList } from './list-entries.js'
import type { Narrowed } from './narrowed.js'
import { COLUMNS, inPages, pageReader, type StoredRow } from './stored-row.js'

export interface CandidatesOptions {
  order: 'asc' | 'desc'
  /** The number of an entry: only those behind it, in the order of the search. */
  behind: number | undefined
  /** The last entry that the index has. */
  indexed: number
  /** The number of the last entry that is wanted; by default, of the last there is. */
  upTo?: number
  /** In descending order: only those above this number. */
  above?: number
}

/**
 * The entries that a search has to look at, one after the other. Entries that the index does not have
 * yet are all among them.
 */
export function* candidates(
  db: Sqlite,
  { stretches, match, list }: Narrowed,
  { order, behind, indexed, upTo = Number.MAX_SAFE_INTEGER, above = -1 }: CandidatesOptions,
): Generator<StoredRow, void, undefined> {
  const isDown = order === 'desc'
  const limits = isDown
    ? { first: above + 1, last: Math.min(upTo, (behind ?? Number.MAX_SAFE_INTEGER) - 1) }
    : { first: (behind ?? -1) + 1, last: upTo }
  for (const stretch of isDown ? stretches.toReversed() : stretches) {
    const { first, last } = overlap(stretch, limits)
    if (first > last) continue
    if (list !== undefined) yield* entriesOfList(db, list, { stretch: { first, last }, order })
    else if (match === undefined) yield* entriesIn(db, { first, last }, order)
    else {
      const fresh = () => entriesIn(db, { first: Math.max(first, indexed + 1), last }, order)
      if (isDown) yield* fresh()
      yield* matchesIn(db, { first, last: Math.min(last, indexed) }, { order, match })
      if (!isDown) yield* fresh()
    }
  }
}

function overlap(a: Stretch, b: Stretch): Stretch {
  return { first: Math.max(a.first, b.first), last: Math.min(a.last, b.last) }
}

function entriesIn(db: Sqlite, stretch: Stretch, order: 'asc' | 'desc') {
  const read = pageReader(db, `where id between ? and ? order by id ${order}`)
  return inPages((last, limit) => {
    const { first, last: end } = last ? behindOf(stretch, last.id, order) : stretch
    return read([first, end], limit)
  })
}

/** Ids that are read from the index at first. */
const FIRST_NUMBERS = 128
/** Ids that are read from the index at once: each query costs more the more words its prefix has. */
const MOST_NUMBERS = 16_384

function* matchesIn(
  db: Sqlite,
  stretch: Stretch,
  { order, match }: { order: 'asc' | 'desc'; match: string },
) {
  const numbers = db.prepare(
    `select rowid as id from words where words match ? and rowid between ? and ?
     order by rowid ${order} limit ?`,
  )
  const entry = db.prepare(`select ${COLUMNS} from entries where id = ?`)
  let most = FIRST_NUMBERS
  for (let left: Stretch | undefined = stretch; left && left.first <= left.last; ) {
    const rows = numbers.all(match, left.first, left.last, most) as { id: number }[]
    for (const { id } of rows) {
      const row = entry.get(id) as StoredRow | undefined
      // It may have been deleted meanwhile.
      if (row) yield row
    }
    left = rows.length < most ? undefined : behindOf(left, rows.at(-1)?.id ?? 0, order)
    most = Math.min(MOST_NUMBERS, most * 4)
  }
}

/** The rest of a stretch, behind an entry. */
function behindOf({ first, last }: Stretch, id: number, order: 'asc' | 'desc'): Stretch {
  return order === 'desc' ? { first, last: id - 1 } : { first: id + 1, last }
}
