import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Database } from '../database/open.js'
import type { PhaseRow, Row } from './rows.js'

/** The rows there are of these nodes. */
export async function rowsOf(
  database: Database,
  nodeIds: readonly string[],
): Promise<Map<string, Row>> {
  if (nodeIds.length === 0) return new Map()
  const rows = await database
    .selectFrom('nodes')
    .selectAll()
    .where('node_id', 'in', nodeIds)
    .execute()
  return new Map(rows.map((row) => [row.node_id, row]))
}

/** The phases of these nodes' launches, in order. */
export async function phasesOf(
  database: Database,
  nodeIds: readonly string[],
): Promise<Map<string, PhaseRow[]>> {
  const byNode = new Map<string, PhaseRow[]>()
  if (nodeIds.length === 0) return byNode
  const rows = await database
    .selectFrom('phases')
    .selectAll()
    .where('node_id', 'in', nodeIds)
    .orderBy('position')
    .execute()
  for (const row of rows) {
    const known = byNode.get(row.node_id)
    if (known) known.push(row)
    else byNode.set(row.node_id, [row])
  }
  return byNode
}

/** How many ids one query names. */
const LARGEST = 500

/**
 * Reads together what is asked for in one turn of the loop: a thousand readers that come at once
 * are one query, not a thousand. What was stored before the call is in what it gives.
 */
export function inOneQuery<T>(
  read: (nodeIds: readonly string[]) => Promise<Map<string, T>>,
): (nodeId: string) => Promise<T | undefined> {
  let asked: { readonly nodeIds: Set<string>; readonly answer: Promise<Map<string, T>> } | undefined
  return async (nodeId) => {
    asked ??= begin()
    asked.nodeIds.add(nodeId)
    return (await asked.answer).get(nodeId)
  }

  function begin() {
    const nodeIds = new Set<string>()
    const answer = nextTurn().then(async () => {
      asked = undefined
      const all = [...nodeIds]
      const found = new Map<string, T>()
      for (let first = 0; first < all.length; first += LARGEST) {
        for (const [id, one] of await read(all.slice(first, first + LARGEST))) found.set(id, one)
      }
      return found
    })
    return { nodeIds, answer }
  }
}
