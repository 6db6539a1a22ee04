import type { ArchiveDb } from './archive-db.js'
import { entriesOfList } from './list-entries.js'
import type { Narrowed } from './narrowed.js'
import { COLUMNS, inPages, limitAfter, type StoredRow } from './stored-row.js'
import { EVERYWHERE, type Stretch } from './stretch.js'

export interface CandidatesOptions {
  order: 'asc' | 'desc'
  /** The number of an entry: only those behind it, in the order of the search. */
  behind: number | undefined
  /** The last entry that the index has. */
  indexed: number
  /** The number of the last entry that is wanted; by default, of the last there is. */
  upTo?: number
  /** In descending order: only those above this number. */
  above?: number | undefined
}

/**
 * The entries that a search has to look at, some at a time. Entries that the index does not have
 * yet are all among them.
 */
export async function* candidates(
  db: ArchiveDb,
  { stretches, match, list }: Narrowed,
  { order, behind, indexed, upTo = EVERYWHERE.last, above }: CandidatesOptions,
): AsyncGenerator<StoredRow[], void, undefined> {
  const isDown = order === 'desc'
  const limits = isDown
    ? {
        first: above === undefined ? EVERYWHERE.first : above + 1,
        last: Math.min(upTo, behind === undefined ? EVERYWHERE.last : behind - 1),
      }
    : { first: behind === undefined ? EVERYWHERE.first : behind + 1, last: upTo }
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

async function* entriesIn(db: ArchiveDb, stretch: Stretch, order: 'asc' | 'desc') {
  if (stretch.first > stretch.last) return
  yield* inPages(db, (last, limit) => {
    const { first, last: end } = last ? behindOf(stretch, last.id, order) : stretch
    return db.readPage(`where id between ? and ? order by id ${order}`, [first, end], limit)
  })
}

async function* matchesIn(
  db: ArchiveDb,
  stretch: Stretch,
  { order, match }: { order: 'asc' | 'desc'; match: string },
) {
  if (stretch.first > stretch.last) return
  let limit = db.firstPage
  for await (const numbers of db.index.matching(match, stretch, order)) {
    for (let at = 0; at < numbers.length; ) {
      const some = numbers.slice(at, at + limit)
      // Some may have been deleted meanwhile.
      const rows = await db.all<StoredRow>(
        `select ${COLUMNS} from {entries} where id in ?? order by id ${order}`,
        some,
      )
      at += some.length
      if (rows.length === 0) continue
      yield rows
      limit = limitAfter(rows)
    }
  }
}

/** The rest of a stretch, behind an entry. */
function behindOf({ first, last }: Stretch, id: number, order: 'asc' | 'desc'): Stretch {
  return order === 'desc' ? { first, last: id - 1 } : { first: id + 1, last }
}
