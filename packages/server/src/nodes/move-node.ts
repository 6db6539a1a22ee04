import type { Transaction } from 'kysely'
import type { Database } from '../database/open.js'
import type { Schema } from '../database/schema.js'
import { type About, wordsOf } from './rows.js'

/** Where a node is launched, as its record has it. */
export type PlaceOfNode = Pick<About, 'provider' | 'region' | 'gpu' | 'gpu_count' | 'use_spot'>

/** The node is launched elsewhere now. */
export async function moveNode(
  database: Database | Transaction<Schema>,
  nodeId: string,
  place: PlaceOfNode,
): Promise<void> {
  const row = await database
    .selectFrom('nodes')
    .select(['about', 'cluster_name'])
    .where('node_id', '=', nodeId)
    .executeTakeFirst()
  if (!row) return
  const { gpu_count: _, ...before } = JSON.parse(row.about) as About
  const about = { ...before, ...place }
  await database
    .updateTable('nodes')
    .set({
      about: JSON.stringify(about),
      provider: about.provider ?? null,
      words: wordsOf(nodeId, row.cluster_name ?? undefined, about),
    })
    .where('node_id', '=', nodeId)
    .execute()
}
