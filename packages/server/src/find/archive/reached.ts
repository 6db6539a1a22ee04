import type { Sqlite } from '../../sqlite.js'
import { NOTHING_YET, type Reached } from './pages.js'

/** Tells how far the archive has each node's newest list. */
export function createReached(db: Sqlite): (nodeIds: readonly string[]) => Reached[] {
  const statement = db.prepare(
    `select length, last_check as "check" from lists where node = ? and removed = 0
     order by id desc limit 1`,
  )
  return (nodeIds) =>
    nodeIds.map((node) => (statement.get(node) as Reached | undefined) ?? NOTHING_YET)
}
