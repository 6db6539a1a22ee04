import { type Cursor, START } from '@launchtail/client/protocol'
import { checkOf } from '../../logs/check.js'
import type { Statements } from './archive-db.js'

/** Tells the last entry of each node's newest list that a search had: those up to the number `upTo`. */
export async function lastUpTo(
  db: Statements,
  nodeIds: readonly string[],
  upTo: number,
): Promise<Cursor[]> {
  const cursors: Cursor[] = []
  for (const nodeId of nodeIds) {
    // The sign keeps a database from going through all entries by their numbers.
    const row = await db.one<Row>(
      `select idx, checked, body from {entries} where list = (
         select id from {lists} where node = ? and removed = 0 order by id desc limit 1
       ) and +id <= ? order by idx desc limit 1`,
      ...[nodeId, upTo],
    )
    cursors.push(
      row ? { index: row.idx, check: row.checked ?? checkOf(row.body), event: 'log' } : START,
    )
  }
  return cursors
}

interface Row {
  readonly idx: number
  readonly checked: string | null
  readonly body: string
}
