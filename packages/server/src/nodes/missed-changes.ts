import type { Database } from '../database/open.js'
import { readFolded } from './launch-facts.js'

/** How far back changes are looked for that were missed, in milliseconds. */
const MISSED = 30 * 60_000

/** Calls back for every node whose record may have changed while nobody told this server. */
export async function forEachChanged(
  database: Database,
  now: Date,
  changed: (nodeId: string) => void,
): Promise<void> {
  const since = new Date(now.getTime() - MISSED).toISOString()
  for await (const records of readFolded(database, since)) {
    for (const { node_id } of records) changed(node_id)
  }
}
