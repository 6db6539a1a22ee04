import { groupNotFound } from '../../errors.js'
import { rolloutOf } from '../../nodes/groups/group.js'
import type { GroupsOptions } from './groups-options.js'

/** Stores that a group is to end. Whoever looks after groups then terminates its nodes. */
export function createGroupTermination({ groups, locked, now }: GroupsOptions) {
  return (groupId: string): Promise<void> =>
    // One at a time with the launches of an update.
    locked(async () => {
      const group = await groups.find(groupId)
      if (!group) throw groupNotFound()
      if (group.row.state !== 'running') return
      const rollout = rolloutOf(group.row)
      const stopped = rollout?.state === 'running' && {
        ...rollout,
        state: 'stopped' as const,
        ended_at: now().toISOString(),
        failure: { message: 'the group was terminated' },
      }
      await groups.change(group.row, {
        set: {
          ...{ state: 'ending', busy: 1, rollout_request: null },
          ...(stopped && { rollout: JSON.stringify(stopped) }),
        },
      })
    })
}
