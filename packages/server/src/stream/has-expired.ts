import type { NodeRecord } from '@launchtail/client/protocol'
import type { Archive } from '../find/archive/archive.js'
import type { Feed } from './feed/feed.js'

/** True if the node's launch is over, its live log is not kept any more, and the archive has it. */
export async function hasExpired(
  archive: Pick<Archive, 'past'>,
  feed: Pick<Feed, 'length'>,
  { node_id, ended_at }: NodeRecord,
): Promise<boolean> {
  if (feed.length() > 0 || ended_at === undefined) return false
  return (await archive.past.length(node_id)) > 0
}
