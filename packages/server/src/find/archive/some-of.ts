import { READ_BYTES } from '../../logs/store.js'

/**
 * The first of the rows, as many as have READ_BYTES of text together, but at least one where there is one. A
 * thousand entries may be 1 KB or 60 MB.
 */
export function someOf<Row extends { readonly body: string }>(rows: Iterable<unknown>): Row[] {
  const some: Row[] = []
  let size = 0
  for (const row of rows as Iterable<Row>) {
    size += row.body.length
    if (some.length > 0 && size > READ_BYTES) break
    some.push(row)
  }
  return some
}
