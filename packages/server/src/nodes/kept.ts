import type { Transaction } from 'kysely'
import type { Database } from '../database/open.js'
import type { Schema } from '../database/schema.js'

type Executor = Database | Transaction<Schema>

/** The cluster that is kept of a node's failed launch. */
export interface Kept {
  readonly launchId: string
  /** When the launch failed. */
  readonly endedAt: string | null
}

/** What is kept of the node's newest launch; undefined if nothing is. */
export async function keptOf(executor: Executor, nodeId: string): Promise<Kept | undefined> {
  const row = await executor
    .selectFrom('nodes')
    .select(['kept_launch', 'ended_at'])
    .where('node_id', '=', nodeId)
    .executeTakeFirst()
  if (!row || row.kept_launch === null) return undefined
  return { launchId: row.kept_launch, endedAt: row.ended_at }
}

/** Notes in the node's record until when its cluster is kept. */
export async function noteKept(
  executor: Executor,
  nodeId: string,
  { launchId, until }: { launchId: string; until: Date },
): Promise<void> {
  await executor
    .updateTable('nodes')
    .set({ kept_launch: launchId, kept_until: until.toISOString() })
    .where('node_id', '=', nodeId)
    .execute()
}

/** The cluster of this launch is not kept any more. The node may have been launched again since. */
export async function noteNotKept(executor: Executor, launchId: string): Promise<void> {
  await executor
    .updateTable('nodes')
    .set({ kept_launch: null, kept_until: null })
    .where('kept_launch', '=', launchId)
    .execute()
}

/** No cluster of this node is kept any more. */
export async function noteNoneKept(executor: Executor, nodeId: string): Promise<void> {
  await executor
    .updateTable('nodes')
    .set({ kept_launch: null, kept_until: null })
    .where('node_id', '=', nodeId)
    .execute()
}
