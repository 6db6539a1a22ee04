import { setImmediate as nextTurn } from 'node:timers/promises'
import type { NodeRecord } from '@launchtail/client/protocol'
import type { LaunchFacts } from '@launchtail/client/query'
import type { Database } from '../database/open.js'
import { factsOf } from './rows.js'

/** Records that are read at once: others get their turn in between. */
const PAGE = 500

/** The fields of each node's launch that a query can ask for. Whole records cost much more. */
export async function readLaunchFacts(database: Database): Promise<Map<string, LaunchFacts>> {
  const facts = new Map<string, LaunchFacts>()
  for (let last: string | undefined = ''; last !== undefined; ) {
    const rows = await database
      .selectFrom('nodes')
      .select(['node_id', 'cluster_name', 'about', 'status', 'failure', 'correction'])
      .where('node_id', '>', last)
      .orderBy('node_id')
      .limit(PAGE)
      .execute()
    for (const row of rows) facts.set(row.node_id, factsOf(row))
    last = rows.length < PAGE ? undefined : rows.at(-1)?.node_id
    await nextTurn()
  }
  return facts
}

/** How many entries the record of a node includes. */
export interface FoldedCount extends Pick<NodeRecord, 'node_id'> {
  readonly folded: number
}

/** The counts of the records that have changed since a time, a page at a time. */
export async function* readFolded(
  database: Database,
  since: string,
): AsyncGenerator<FoldedCount[], void, undefined> {
  for (let last: string | undefined = ''; last !== undefined; ) {
    const rows: FoldedCount[] = await database
      .selectFrom('nodes')
      .select(['node_id', 'folded'])
      .where('updated_at', '>=', since)
      .where('node_id', '>', last)
      .orderBy('node_id')
      .limit(PAGE)
      .execute()
    if (rows.length > 0) yield rows
    last = rows.length < PAGE ? undefined : rows.at(-1)?.node_id
  }
}
