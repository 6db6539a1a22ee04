import { HttpError } from '../../errors.js'
import type { GroupsOptions } from './groups-options.js'

/** Refuses to terminate a replica of a service that runs: SkyServe would launch another one. */
export async function refuseAlone(
  nodeId: string,
  { registry, rows, groups }: Pick<GroupsOptions, 'registry' | 'rows' | 'groups'>,
): Promise<void> {
  const groupId = (await registry.get(nodeId))?.group
  const row = groupId === undefined ? undefined : (await groups.find(groupId))?.row
  if (!row || row.service === null || row.state !== 'running') return
  if ((await rows.unended(nodeId)) === undefined) return
  throw new HttpError(
    409,
    `node ${nodeId} is a replica of a service, and SkyServe would replace it; terminate its group ${groupId}`,
  )
}
