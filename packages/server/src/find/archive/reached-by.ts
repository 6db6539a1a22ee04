import { type Cursor, START } from '@launchtail/client/protocol'
import { checkOf } from '../../logs/check.js'
import type { Sqlite } from '../../sqlite.js'

/** Tells the last entry of each node's newest list that a search had: those up to the number `upTo`. */
export function createReachedBy(db: Sqlite) {
  // The sign keeps SQLite from going through all entries by their numbers.
  const statement = db.prepare(
    `select idx, checked, body from entries where list = (
       select id from lists where node = ? and removed = 0 order by id desc limit 1
     ) and +id <= ? order by idx desc limit 1`,
  )
  return (nodeIds: readonly string[], upTo: number): Cursor[] =>
    nodeIds.map((nodeId) => {
      const row = statement.get(nodeId, upTo) as Row | undefined
      if (!row) return START
      return { index: row.idx, check: row.checked ?? checkOf(row.body), event: 'log' }
    })
}

interface Row {
  readonly idx: number
  readonly checked: string | null
  readonly body: string
}
