import type { NodesQuery } from '@launchtail/client/protocol'
import { sql } from 'kysely'
import type { Database } from '../database/open.js'
import { HttpError } from '../errors.js'
import type { Row } from './rows.js'

/** One page of the nodes that match, newest first, and the cursor of the next page if there is one. */
export async function readNodePage(
  database: Database,
  asked: NodesQuery,
): Promise<{ rows: Row[]; cursor?: string }> {
  const { limit } = asked
  // One extra row shows whether there is a next page.
  const rows = await nodePageQuery(database, { ...asked, limit: limit + 1 }).execute()
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return rows.length > limit && last
    ? { rows: page, cursor: writePageCursor(last) }
    : { rows: page }
}

export function nodePageQuery(
  database: Database,
  { phase, provider, q, limit, cursor }: NodesQuery,
) {
  let query = database.selectFrom('nodes').selectAll()
  if (phase) query = query.where('phase', '=', phase)
  if (provider) query = query.where('provider', '=', provider)
  if (q) {
    const like = `%${q.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
    query = query.where(sql<boolean>`words like ${like} escape '\\'`)
  }
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
