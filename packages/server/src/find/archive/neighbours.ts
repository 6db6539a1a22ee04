import type { Sqlite } from '../../sqlite.js'
import type { StoredRow } from './stored-row.js'

/** Gives the entries before and after one in its log, as members of a JSON object. */
export function createNeighbours(db: Sqlite) {
  const before = db.prepare(
    `select body from entries where list = ? and idx < ? and body <> ''
     order by idx desc limit ?`,
  )
  const after = db.prepare(
    `select body from entries where list = ? and idx > ? and body <> '' order by idx limit ?`,
  )
  return ({ list, idx }: StoredRow, count: number): string => {
    const earlier = bodiesOf(before.all(list, idx, count)).reverse()
    const later = bodiesOf(after.all(list, idx, count))
    return `"before":[${earlier.join(',')}],"after":[${later.join(',')}]`
  }
}

function bodiesOf(rows: unknown[]): string[] {
  return (rows as { body: string }[]).map(({ body }) => body)
}
