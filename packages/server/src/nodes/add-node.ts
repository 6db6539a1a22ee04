import type { Transaction } from 'kysely'
import type { Schema } from '../database/schema.js'
import { HttpError } from '../errors.js'
import { UNFOLDED } from './fold.js'
import { numberLaunches } from './launch-numbers.js'
import { linkRelaunched } from './relaunch-link.js'
import { type About, columns, wordsOf } from './rows.js'

export interface NewNode {
  nodeId: string
  clusterName?: string
  /** The launch of ours that it is created for. */
  launchId?: string
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
  { nodeId, clusterName, launchId, replace = false, ...node }: Omit<NewNode, 'alongside'>,
  { transaction, redact, time }: AddNodeOptions,
): Promise<void> {
  const about = redacted(await inItsGroup(node.about, nodeId, transaction), redact)
  await linkRelaunched(transaction, about.relaunch_of, nodeId)
  const name = clusterName && redact(clusterName)
  const given = {
    cluster_name: name ?? null,
    name: about.name ?? null,
    about: JSON.stringify(about),
    provider: about.provider ?? null,
    words: wordsOf(nodeId, name, about),
    created_at: time,
    updated_at: time,
    kept_launch: null,
    kept_until: null,
    own_launch: launchId ?? null,
  }
  const { numInsertedOrUpdatedRows: inserted = 0n } = await transaction
    .insertInto('nodes')
    .values({ node_id: nodeId, ...given, ...columns(UNFOLDED), folded: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  if (inserted > 0n) {
    await numberLaunches(transaction, nodeId, [0])
    return
  }
  if (!replace) throw new HttpError(409, `a node named "${nodeId}" already exists`)
  await transaction.updateTable('nodes').set(given).where('node_id', '=', nodeId).execute()
}

/** A node that is launched again under its own id is still one of its group. */
async function inItsGroup(
  about: About,
  nodeId: string,
  transaction: Transaction<Schema>,
): Promise<About> {
  if (about.group !== undefined) return about
  const row = await transaction
    .selectFrom('group_members')
    .select('group_id')
    .where('node_id', '=', nodeId)
    .where('role', '!=', 'left')
    .executeTakeFirst()
  return row ? { ...about, group: row.group_id } : about
}

function redacted({ labels, ...about }: About, redact: (text: string) => string): About {
  const texts = Object.entries(about).map(([name, value]) => [
    name,
    typeof value === 'string' ? redact(value) : value,
  ])
  const shown: About = Object.fromEntries(texts)
  return labels ? { ...shown, labels: redactedLabels(labels, redact) } : shown
}

/** A label's name may be a secret, or say that its value is one. */
function redactedLabels(
  labels: NonNullable<About['labels']>,
  redact: (text: string) => string,
): NonNullable<About['labels']> {
  const saysSecret = (name: string) => redact(`${name}=${PROBE}`) !== `${redact(name)}=${PROBE}`
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [
      redact(name),
      saysSecret(name) ? HIDDEN : redact(value),
    ]),
  )
}

const PROBE = 'Zq7hT2xW'
const HIDDEN = '***'
