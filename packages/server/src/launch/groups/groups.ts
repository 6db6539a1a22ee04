import type { Rounds } from '../../async/rounds.js'
import { createGroupRows } from '../../nodes/groups/group-rows.js'
import type { Groups } from '../../nodes/groups/groups.js'
import { forgetGroup } from './forget-group.js'
import type { GroupsOptions } from './groups-options.js'
import { createGroupLaunching } from './launch-group.js'
import { startGroupMonitor } from './monitor.js'
import { refuseAlone } from './refuse-alone.js'
import { startServiceMonitor } from './service-monitor.js'
import { createGroupTermination } from './terminate-group.js'
import { createGroupUpdates } from './update-group.js'

/** Launches, updates and terminates groups. What is under way goes on after `resume`. */
export function createGroups(given: Omit<GroupsOptions, 'groups'>): Groups & {
  /** Terminates a node by itself. Throws 409 for one that cannot be without its group. */
  terminateNode(nodeId: string): Promise<void>
  resume(): void
  stop(): Promise<void>
} {
  const groups = createGroupRows(given.database)
  const options = { ...given, groups }
  let rounds: Rounds | undefined
  let services: Rounds | undefined
  const look = () => void rounds?.now()
  const terminate = createGroupTermination(options)
  const update = createGroupUpdates(options)
  return {
    launch: createGroupLaunching(options),
    async update(...call) {
      const answer = await update(...call)
      look()
      return answer
    },
    async terminate(groupId) {
      await terminate(groupId)
      look()
    },
    forget: (groupId, forgetNode) => forgetGroup(groupId, { ...options, forgetNode }),
    async terminateNode(nodeId) {
      await refuseAlone(nodeId, options)
      await options.terminate(nodeId)
    },
    resume() {
      rounds = startGroupMonitor(options)
      services = startServiceMonitor(options)
    },
    async stop() {
      await rounds?.stop()
      await services?.stop()
    },
  }
}
