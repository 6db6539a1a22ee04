import { READ_BYTES } from '../../logs/store.js'
import type { Sqlite } from '../../sqlite.js'

/** An entry as it is stored. */
export interface StoredRow {
  readonly id: number
  readonly list: number
  readonly idx: number
  readonly ts: number
  readonly level: number
  readonly checked: string | null
  readonly body: string
}

export const COLUMNS = 'id, list, idx, ts, level, checked, body'

/** The rows of the next page: at most `limit` of those that the conditions choose, in their order. */
export type ReadPage = (conditions: readonly number[], limit: number) => StoredRow[]

/** The most rows that are read at once: other work has its turn after some of them. */
const PAGE = 128
const FIRST_PAGE = 16

/**
 * Reads rows as two texts, which takes a third of the time that objects take: each value of an object
 * crosses over from the driver by itself. No entry's JSON has a line end in it.
 */
export function pageReader(db: Sqlite, conditions: string): ReadPage {
  const statement = db.prepare(
    `select group_concat(body, char(10)) as bodies, group_concat(
       id || ' ' || list || ' ' || idx || ' ' || ts || ' ' || level || ' ' || coalesce(checked, ''),
       char(10)) as heads
     from (select ${COLUMNS} from entries ${conditions} limit ?)`,
  )
  return (values, limit) => {
    const { heads, bodies } = statement.get(...values, limit) as Texts
    if (heads === null || bodies === null) return []
    const all = bodies.split('\n')
    return heads.split('\n').map((head, i) => rowOf(head.split(' '), all[i] ?? ''))
  }
}

function rowOf([id, list, idx, ts, level, checked]: readonly string[], body: string): StoredRow {
  return {
    id: Number(id),
    list: Number(list),
    idx: Number(idx),
    ts: Number(ts),
    level: Number(level),
    checked: checked || null,
    body,
  }
}

interface Texts {
  readonly heads: string | null
  readonly bodies: string | null
}

/** All rows in pages of about READ_BYTES at most. `next` reads those behind the last one. */
export function* inPages(
  next: (last: StoredRow | undefined, limit: number) => StoredRow[],
): Generator<StoredRow, void, undefined> {
  let limit = FIRST_PAGE
  for (let last: StoredRow | undefined; ; ) {
    const rows = next(last, limit)
    yield* rows
    if (rows.length < limit) return
    last = rows.at(-1)
    limit = limitAfter(rows)
  }
}

/** More of small entries at once than of large ones. */
function limitAfter(rows: readonly StoredRow[]): number {
  const size = rows.reduce((sum, { body }) => sum + body.length, 0)
  return Math.max(1, Math.min(PAGE, rows.length * 4, Math.floor((READ_BYTES * rows.length) / size)))
}
