import { setImmediate as nextTurn } from 'node:timers/promises'
import type { NodesQuery } from '@launchtail/client/protocol'
import type { Query } from '@launchtail/client/query'
import type { Database } from '../database/open.js'
import { HttpError } from '../errors.js'
import type { Looks } from './looks/looks.js'
import { isUnattendedSince } from './looks/unattended.js'
import { createNodeTest } from './node-test.js'
import type { Row } from './rows.js'

/** What a node is, as far as it decides who may see it. */
export interface NodeAbout {
  readonly nodeId: string
  readonly owner?: string
  readonly labels?: Readonly<Record<string, string>>
}

/** Rows that are looked at before other work gets its turn. */
const LOOKED_AT = 500

export interface NodePageOptions {
  find: Query | undefined
  /** Who looks at nodes. */
  looks?: Pick<Looks, 'since' | 'flush'> | undefined
  now: Date
  /** False for the nodes that the page leaves out. Default: it has all. */
  only?: ((node: NodeAbout) => boolean) | undefined
}

/**
 * One page of the nodes that match, newest first, and the cursor of the next page if there is one.
 * `find` is the query in `q`.
 */
export async function readNodePage(
  database: Database,
  asked: NodesQuery,
  { find, looks, now, only }: NodePageOptions,
): Promise<{ rows: Row[]; cursor?: string }> {
  const isFound = find && (await createNodeTest(find, now.getTime()))
  const passes =
    isFound || only
      ? (row: Row) => only?.(aboutOf(row)) !== false && (isFound?.(row) ?? true)
      : undefined
  // One extra row shows whether there is a next page.
  const wanted = asked.limit + 1
  if (asked.unattended) await looks?.flush()
  const since = looks?.since()
  const limit = passes ? LOOKED_AT : wanted
  const found: Row[] = []
  for (let { cursor } = asked; ; ) {
    const query = { ...asked, cursor, limit }
    const rows = await nodePageQuery(database, query, since).execute()
    found.push(...(passes ? rows.filter(passes) : rows))
    const last = rows.at(-1)
    if (!last || rows.length < limit || found.length >= wanted) break
    cursor = writePageCursor(last)
    await nextTurn()
  }
  const page = found.slice(0, asked.limit)
  const last = page.at(-1)
  return found.length >= wanted && last
    ? { rows: page, cursor: writePageCursor(last) }
    : { rows: page }
}

/** `since` is the time since which nobody has looked at a node that is unattended. */
export function nodePageQuery(
  database: Database,
  { phase, provider, unattended, limit, cursor }: NodesQuery,
  since = new Date(),
) {
  let query = database.selectFrom('nodes').selectAll()
  if (phase) query = query.where('phase', '=', phase)
  if (provider) query = query.where('provider', '=', provider)
  if (unattended) query = query.where((expressions) => isUnattendedSince(expressions, since))
  const after = cursor === undefined ? undefined : readPageCursor(cursor)
  if (after) {
    query = query.where((where) =>
      where.or([
        where('created_at', '<', after.createdAt),
        where.and([where('created_at', '=', after.createdAt), where('node_id', '<', after.nodeId)]),
      ]),
    )
  }
  return query.orderBy('created_at', 'desc').orderBy('node_id', 'desc').limit(limit)
}

function aboutOf({ node_id: nodeId, about }: Row): NodeAbout {
  const { owner, labels } = JSON.parse(about) as Omit<NodeAbout, 'nodeId'>
  return { nodeId, ...(owner !== undefined && { owner }), ...(labels && { labels }) }
}

/** Where the page after this row begins. */
function writePageCursor({ created_at, node_id }: Row): string {
  return Buffer.from(`${created_at} ${node_id}`).toString('base64url')
}

/** Throws 400 if the text is not such a cursor. */
function readPageCursor(text: string): { createdAt: string; nodeId: string } {
  const [createdAt, nodeId, more] = Buffer.from(text, 'base64url').toString().split(' ')
  if (!createdAt || !nodeId || more !== undefined) {
    throw new HttpError(400, "invalid 'cursor' value")
  }
  return { createdAt, nodeId }
}
