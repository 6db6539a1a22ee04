import type { StoredGroup } from '../../nodes/groups/group-rows.js'
import { serviceOf } from '../../nodes/groups/service.js'
import type { GroupsOptions } from './groups-options.js'
import { servicesOf } from './launched-services.js'

/** Terminates the nodes of a group that is to end. It has ended when none of their launches runs. */
export function createEnding({
  groups,
  rows,
  registry,
  launchers,
  terminate,
  closing,
  now,
}: GroupsOptions) {
  return async ({ row, members }: StoredGroup): Promise<void> => {
    let running = 0
    for (const { node_id: nodeId } of members) {
      const isRunning = (await rows.unended(nodeId)) !== undefined
      if (isRunning) running += 1
      if (isRunning || (await registry.get(nodeId))?.kept_until !== undefined) {
        await terminate(nodeId)
      }
    }
    if (running > 0) return
    const service = serviceOf(row)
    // SkyServe keeps one whose replicas have all failed.
    if (service && !(await servicesOf(launchers).end(service.name, closing))) return
    await groups.change(row, {
      set: { state: 'ended', busy: 0, ended_at: now().toISOString() },
      roles: members.map(({ node_id, role }) => ({
        node_id,
        role: role === 'leaving' ? 'left' : role === 'joining' ? 'rejected' : role,
      })),
    })
  }
}
