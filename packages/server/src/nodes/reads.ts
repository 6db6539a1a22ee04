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

/**
 * The id of the node that a name stands for: its cluster's, or its own. Of several nodes of the same name, it
 * is the one that is being launched. Undefined if that is none of them, or not only one.
 */
export async function nodeMeantBy(database: Database, name: string): Promise<string | undefined> {
  const byCluster = await nodesNamed(database, name)
  if (byCluster.length > 0) return only(byCluster)
  const rows = await database
    .selectFrom('nodes')
    .select(['node_id', 'status'])
    .where('name', '=', name)
    .where('status', '!=', 'terminated')
    .limit(MOST_OF_A_NAME)
    .execute()
  const launching = rows.filter(({ status }) => status === 'launching')
  return only((launching.length > 0 ? launching : rows).map((row) => row.node_id))
}

const MOST_OF_A_NAME = 1000

function only(nodeIds: readonly string[]): string | undefined {
  return nodeIds.length === 1 ? nodeIds[0] : undefined
}

export function launchingRows(database: Database) {
  return database
    .selectFrom('nodes')
    .select(['node_id', 'about', 'phase', 'folded', 'stalled'])
    .where('status', '=', 'launching')
    .execute()
}
