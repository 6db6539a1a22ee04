import type { Transaction } from 'kysely'
import type { Schema } from '../database/schema.js'
import { HttpError } from '../errors.js'
import { UNFOLDED } from './fold.js'
import { type About, columns, wordsOf } from './rows.js'

export interface NewNode {
  nodeId: string
  clusterName?: string
  about: About
  /** The node may exist already, unless it is launching: it is launched anew. */
  replace?: boolean
  /** Stores what must exist together with the node, or not at all. */
  alongside?: (transaction: Transaction<Schema>) => Promise<void>
}

export interface AddNodeOptions {
  transaction: Transaction<Schema>
  /** Takes the secrets out of the description. */
  redact: (text: string) => string
  time: string
}

/** Throws 409 if the node exists, unless it may be replaced. */
export async function addNode(
  { nodeId, clusterName, replace = false, ...node }: Omit<NewNode, 'alongside'>,
  { transaction, redact, time }: AddNodeOptions,
): Promise<void> {
  const about = redacted(node.about, redact)
  const given = {
    cluster_name: clusterName ?? null,
    about: JSON.stringify(about),
    provider: about.provider ?? null,
    words: wordsOf(nodeId, clusterName, about),
    created_at: time,
    updated_at: time,
  }
  const { numInsertedOrUpdatedRows: inserted = 0n } = await transaction
    .insertInto('nodes')
    .values({ node_id: nodeId, ...given, ...columns(UNFOLDED), folded: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  if (inserted > 0n) return
  if (!replace) throw new HttpError(409, `a node named "${nodeId}" already exists`)
  await transaction.updateTable('nodes').set(given).where('node_id', '=', nodeId).execute()
}

function redacted(about: About, redact: (text: string) => string): About {
  return JSON.parse(JSON.stringify(about), (_, value) =>
    typeof value === 'string' ? redact(value) : value,
  )
}
