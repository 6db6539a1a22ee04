import type { Sqlite } from '../../sqlite.js'
import type { Stretch } from './blocks.js'
import { inPages, pageReader, type StoredRow } from './stored-row.js'

/**
 * The entries of one list, whether they are indexed or not. Reading them one after the other takes half
 * of the time that it takes to look each up by its number.
 */
export function entriesOfList(
  db: Sqlite,
  list: number,
  { stretch, order }: { stretch: Stretch; order: 'asc' | 'desc' },
): Generator<StoredRow, void, undefined> {
  const places = placesIn(db, list)
  const from = places.firstFrom(stretch.first)
  const end = places.firstFrom(stretch.last + 1)
  const read = pageReader(db, `where list = ? and idx >= ? and idx < ? order by idx ${order}`)
  return inPages((last, limit) => {
    if (!last) return read([list, from, end], limit)
    return read(order === 'desc' ? [list, from, last.idx] : [list, last.idx + 1, end], limit)
  })
}

/** Numbers of entries as places in their list. Both grow together. */
function placesIn(db: Sqlite, list: number) {
  const at = db.prepare(
    'select id, idx from entries where list = ? and idx >= ? order by idx limit 1',
  )
  const bounds = db.prepare(
    `select (select idx from entries where list = ?1 order by idx limit 1) as first,
            (select idx from entries where list = ?1 order by idx desc limit 1) as last`,
  )
  const { first, last } = bounds.get(list) as { first: number | null; last: number | null }
  return { firstFrom }

  /** The first place whose entry has this number or a higher one; behind the last if there is none. */
  function firstFrom(number: number): number {
    if (first === null || last === null) return 0
    let [low, high] = [first, last + 1]
    if (number <= 0) return low
    if (number >= Number.MAX_SAFE_INTEGER) return high
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const entry = at.get(list, middle) as { id: number; idx: number } | undefined
      // It may have been deleted meanwhile.
      if (!entry || entry.id >= number) high = middle
      else low = entry.idx + 1
    }
    return low
  }
}
