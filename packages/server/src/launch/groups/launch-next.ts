import type { LaunchRequest } from '@launchtail/client/protocol'
import { HttpError } from '../../errors.js'
import { type Rollout, rolloutOf } from '../../nodes/groups/group.js'
import { GroupChanged, type StoredGroup } from '../../nodes/groups/group-rows.js'
import { unseal } from '../../seal.js'
import { checkRequest } from '../check-request.js'
import type { GroupsOptions } from './groups-options.js'
import { nodeIdOf } from './member.js'
import { nextTarget } from './targets.js'
import { rolloutKey } from './update-group.js'

/** Launches the next new node of an update. */
export function createLaunchingNext(options: GroupsOptions) {
  const { groups, admission, takeUp, key, locked, now } = options
  return launchNext

  async function launchNext(group: StoredGroup): Promise<StoredGroup | undefined> {
    const { row, members } = group
    const rollout = rolloutOf(row) as Rollout
    const groupId = row.group_id
    const replaces = nextTarget(members, rollout)
    const member = { groupId, number: row.next_number }
    const nodeId = nodeIdOf(member)
    const added = {
      ...{ group_id: groupId, node_id: nodeId, number: row.next_number },
      ...{ generation: rollout.generation, role: 'joining' as const, replaces: replaces ?? null },
    }
    try {
      const checked = await checkRequest({ ...requestOf(group), node_id: nodeId }, options)
      await locked(async () => {
        const [{ launchId }] = await admission.admitAll(
          [{ ...checked, member }],
          (_, transaction) =>
            groups.change(
              row,
              { set: { next_number: row.next_number + 1 }, added: [added] },
              transaction,
            ),
        )
        await takeUp.start(nodeId, launchId)
      }, nodeId)
    } catch (error) {
      if (!isRefusal(error)) throw error
      await stop(group, error.message)
    }
    return groups.find(groupId)
  }

  /** It was checked when the update was asked for; something else may have changed since. */
  async function stop(group: StoredGroup, message: string): Promise<void> {
    const rollout = rolloutOf(group.row) as Rollout
    const stopped: Rollout = {
      ...rollout,
      state: 'stopped',
      ended_at: now().toISOString(),
      failure: { message },
    }
    await groups.change(group.row, {
      set: { rollout: JSON.stringify(stopped), rollout_request: null },
    })
  }

  function requestOf({ row }: StoredGroup): LaunchRequest {
    const context = rolloutKey(row.group_id, row.generation)
    try {
      return unseal<LaunchRequest>(key, context, row.rollout_request ?? '')
    } catch (cause) {
      const message = 'what is to be launched cannot be read: it was stored with another key'
      throw new HttpError(400, message, { cause })
    }
  }
}

/** Not of a group that has changed, which is looked at again. */
function isRefusal(error: unknown): error is HttpError {
  return error instanceof HttpError && error.status < 500 && !(error instanceof GroupChanged)
}
