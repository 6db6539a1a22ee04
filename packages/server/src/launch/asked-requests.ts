import type { NodeLaunch } from '@launchtail/client/protocol'
import { HttpError } from '../errors.js'
import type { Known } from '../nodes/launches.js'
import type { LaunchRows, NewestRow } from './launch-rows.js'
import { readAsked, readRequest } from './stored-launch.js'

/** The requests of launches. Only `known` has their secrets, while they run. */
export function askedRequests(rows: Pick<LaunchRows, 'newest' | 'each'>, key: Buffer) {
  return { asked, askedEach, known }

  async function asked(nodeId: string): Promise<NodeLaunch> {
    return askedIn(await newest(nodeId))
  }

  async function askedEach(nodeId: string) {
    const all = await rows.each(nodeId)
    return all.flatMap((row) => {
      const found = readAsked(row)
      return found ? [{ ...found, askedAt: row.created_at }] : []
    })
  }

  async function known(nodeId: string): Promise<Known> {
    const row = await newest(nodeId)
    const request = row.secrets === null ? undefined : readRequest(row, key)
    return request ? { request, secrets: [], masked: [] } : askedIn(row)
  }

  async function newest(nodeId: string): Promise<NewestRow> {
    const row = await rows.newest(nodeId)
    if (row) return row
    throw new HttpError(404, `node ${nodeId} was not launched by this server`)
  }
}

function askedIn(row: NewestRow): NodeLaunch {
  const found = readAsked(row)
  if (found) return found
  throw new HttpError(404, `node ${row.node_id} was launched before requests were kept`)
}
