import type { ExpressionBuilder, ExpressionWrapper, SqlBool } from 'kysely'
import type { Database } from '../../database/open.js'
import type { Schema } from '../../database/schema.js'

/** The nodes of ours that run, and that nobody has looked at since. */
export function isUnattendedSince(
  { and, or, eb }: ExpressionBuilder<Schema, 'nodes'>,
  since: Date,
): ExpressionWrapper<Schema, 'nodes', SqlBool> {
  const time = since.toISOString()
  return and([
    eb('status', 'in', ['active', 'launching']),
    eb('own_launch', 'is not', null),
    eb('created_at', '<', time),
    or([eb('looked_at', 'is', null), eb('looked_at', '<', time)]),
  ])
}

/** The ids of those whose last look was between these times. */
export async function unattendedBetween(
  database: Database,
  from: Date,
  to: Date,
): Promise<string[]> {
  const rows = await database
    .selectFrom('nodes')
    .select(['node_id', 'created_at', 'looked_at'])
    .where((expressions) => isUnattendedSince(expressions, to))
    .execute()
  const first = from.toISOString()
  return rows
    .filter(({ created_at, looked_at }) => (looked_at ?? created_at) >= first)
    .map(({ node_id }) => node_id)
}
