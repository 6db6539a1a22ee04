import { READ_BYTES } from '../../logs/store.js'

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

/** The most rows that are read at once: other work has its turn after some of them. */
const PAGE = 128

/** All rows in pages of about READ_BYTES at most. `next` reads those behind the last one. */
export async function* inPages(
  { firstPage }: { readonly firstPage: number },
  next: (last: StoredRow | undefined, limit: number) => Promise<StoredRow[]>,
): AsyncGenerator<StoredRow[], void, undefined> {
  let limit = firstPage
  for (let last: StoredRow | undefined; ; ) {
    const rows = await next(last, limit)
    if (rows.length > 0) yield rows
    if (rows.length < limit) return
    last = rows.at(-1)
    limit = limitAfter(rows)
  }
}

/** More of small entries at once than of large ones. */
export function limitAfter(rows: readonly StoredRow[], most = PAGE): number {
  const size = rows.reduce((sum, { body }) => sum + body.length, 1)
  return Math.max(1, Math.min(most, rows.length * 4, Math.floor((READ_BYTES * rows.length) / size)))
}
