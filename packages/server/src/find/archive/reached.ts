import type { Statements } from './archive-db.js'
import { NOTHING_YET, type Reached } from './pages.js'

/** The newest list of a node. */
export interface NewestList {
  readonly id: number
  readonly node: string
  readonly length: number
  readonly last_check: string
}

/** The newest list of each of these nodes that has one. */
export async function newestLists(
  db: Statements,
  nodeIds: readonly string[],
): Promise<Map<string, NewestList>> {
  const rows = await db.all<NewestList>(
    `select id, node, length, last_check from {lists} where id in (
       select max(id) from {lists} where removed = 0 and node in ?? group by node)`,
    nodeIds,
  )
  return new Map(rows.map((row) => [row.node, row]))
}

/** Tells how far the archive has each node's newest list. */
export async function reachedIn(db: Statements, nodeIds: readonly string[]): Promise<Reached[]> {
  const lists = await newestLists(db, nodeIds)
  return nodeIds.map((nodeId) => reachedBy(lists.get(nodeId)))
}

export function reachedBy(list: NewestList | undefined): Reached {
  return list ? { length: list.length, check: list.last_check } : NOTHING_YET
}
