import type { Database } from '../database/open.js'
import type { PhaseRow, Row } from './rows.js'

/** The rows that exist of these nodes. */
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

export async function countNodes(database: Database): Promise<number> {
  const { nodes } = await database
    .selectFrom('nodes')
    .select(({ fn }) => fn.countAll<number>().as('nodes'))
    .executeTakeFirstOrThrow()
  return Number(nodes)
}

/** The ids of the nodes with this cluster name that are not terminated. */
export async function nodesNamed(database: Database, clusterName: string): Promise<string[]> {
  const rows = await database
    .selectFrom('nodes')
    .select('node_id')
    .where('cluster_name', '=', clusterName)
    .where('status', '!=', 'terminated')
    .execute()
  return rows.map((row) => row.node_id)
}

export function launchingRows(database: Database) {
  return database
    .selectFrom('nodes')
    .select(['node_id', 'about', 'phase', 'folded', 'stalled'])
    .where('status', '=', 'launching')
    .execute()
}
