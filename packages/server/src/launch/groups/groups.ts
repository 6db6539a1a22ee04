import type { Rounds } from '../../async/rounds.js'
import { createGroupRows } from '../../nodes/groups/group-rows.js'
import type { Groups } from '../../nodes/groups/groups.js'
import { forgetGroup } from './forget-group.js'
import type { GroupsOptions } from './groups-options.js'
import { createGroupLaunching } from './launch-group.js'
import { startGroupMonitor } from './monitor.js'
import { createGroupTermination } from './terminate-group.js'
import { createGroupUpdates } from './update-group.js'

/** Launches, updates and terminates groups. What is under way goes on after `resume`. */
export function createGroups(given: Omit<GroupsOptions, 'groups'>): Groups & {
  resume(): void
  stop(): Promise<void>
} {
  const groups = createGroupRows(given.database)
  const options = { ...given, groups }
  let rounds: Rounds | undefined
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
    resume() {
      rounds = startGroupMonitor(options)
    },
    async stop() {
      await rounds?.stop()
    },
  }
}
