import type { ArchiveDb } from './archive-db.js'
import { inPages, type StoredRow } from './stored-row.js'
import { EVERYWHERE, type Stretch } from './stretch.js'

/**
 * The entries of one list, whether they are indexed or not. Reading them one after the other takes half
 * of the time that it takes to look each up by its number.
 */
export async function* entriesOfList(
  db: ArchiveDb,
  list: number,
  { stretch, order }: { stretch: Stretch; order: 'asc' | 'desc' },
): AsyncGenerator<StoredRow[], void, undefined> {
  const firstFrom = await placesIn(db, list)
  const from = await firstFrom(stretch.first)
  const end = await firstFrom(stretch.last + 1)
  const conditions = `where list = ? and idx >= ? and idx < ? order by idx ${order}`
  yield* inPages(db, (last, limit) => {
    const values =
      last === undefined
        ? [list, from, end]
        : order === 'desc'
          ? [list, from, last.idx]
          : [list, last.idx + 1, end]
    return db.readPage(conditions, values, limit)
  })
}

/** Numbers of entries as places in their list. Both grow together. */
async function placesIn(db: ArchiveDb, list: number) {
  const bounds = await db.one<{ first: number | null; last: number | null }>(
    `select (select idx from {entries} where list = ? order by idx limit 1) as first,
            (select idx from {entries} where list = ? order by idx desc limit 1) as last`,
    ...[list, list],
  )
  const { first = null, last = null } = bounds ?? {}
  return firstFrom

  /** The first place whose entry has this number or a higher one; behind the last if there is none. */
  async function firstFrom(number: number): Promise<number> {
    if (first === null || last === null) return 0
    let [low, high] = [first, last + 1]
    if (number <= EVERYWHERE.first) return low
    if (number >= EVERYWHERE.last) return high
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const entry = await db.one<{ id: number; idx: number }>(
        'select id, idx from {entries} where list = ? and idx >= ? order by idx limit 1',
        ...[list, middle],
      )
      // It may have been deleted meanwhile.
      if (!entry || entry.id >= number) high = middle
      else low = entry.idx + 1
    }
    return low
  }
}
