import type { NodeLaunch } from '@launchtail/client/protocol'
import { HttpError } from '../errors.js'
import type { LaunchRows } from './launch-rows.js'
import { readAsked } from './stored-launch.js'

/** The requests of launches, without their secrets. */
export function askedRequests(rows: Pick<LaunchRows, 'newest' | 'each'>) {
  return { asked, askedEach }

  async function asked(nodeId: string): Promise<NodeLaunch> {
    const row = await rows.newest(nodeId)
    if (!row) throw new HttpError(404, `node ${nodeId} was not launched by this server`)
    const known = readAsked(row)
    if (known) return known
    throw new HttpError(404, `node ${nodeId} was launched before requests were kept`)
  }

  async function askedEach(nodeId: string) {
    const all = await rows.each(nodeId)
    return all.flatMap((row) => {
      const known = readAsked(row)
      return known ? [{ ...known, askedAt: row.created_at }] : []
    })
  }
}
