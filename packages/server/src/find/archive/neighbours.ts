import type { ArchiveDb } from './archive-db.js'
import type { StoredRow } from './stored-row.js'

/** The entries before and after one in its log, as members of a JSON object. */
export async function neighboursOf(
  db: ArchiveDb,
  { list, idx }: StoredRow,
  count: number,
): Promise<string> {
  const earlier = await db.readPage(
    `where list = ? and idx < ? and body <> '' order by idx desc`,
    [list, idx],
    count,
  )
  const later = await db.readPage(
    `where list = ? and idx > ? and body <> '' order by idx`,
    [list, idx],
    count,
  )
  return `"before":[${bodiesOf(earlier.reverse())}],"after":[${bodiesOf(later)}]`
}

function bodiesOf(rows: readonly StoredRow[]): string {
  return rows.map(({ body }) => body).join(',')
}
