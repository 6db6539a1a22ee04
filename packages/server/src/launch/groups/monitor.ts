import { type Rounds, startRounds } from '../../async/rounds.js'
import type { GroupRow } from '../../nodes/groups/group.js'
import { GroupChanged } from '../../nodes/groups/group-rows.js'
import { createEnding } from './ending.js'
import type { GroupsOptions } from './groups-options.js'
import { createRollouts } from './rollout.js'

const EVERY = 1000

/**
 * Does what is to be done about groups. All of it is stored, and each step changes the stored group as it
 * was read or does nothing, so any process may do it, and go on where another has ended.
 */
export function startGroupMonitor(options: GroupsOptions): Rounds {
  const { groups, onFault, every = EVERY } = options
  const end = createEnding(options)
  const rollOut = createRollouts(options)
  const rounds = startRounds(check, {
    every,
    onFault: (error) => onFault('looking for groups', error),
  })
  void rounds.now()
  return rounds

  async function check(): Promise<void> {
    for (const row of await groups.busy()) {
      await look(row).catch((error) => {
        // The next round sees what has changed.
        if (error instanceof GroupChanged) return
        onFault(`looking after group ${row.group_id}`, error)
      })
    }
  }

  async function look({ group_id, state }: GroupRow): Promise<void> {
    const group = await groups.find(group_id)
    if (!group) return
    await (state === 'ending' ? end(group) : rollOut(group))
  }
}
