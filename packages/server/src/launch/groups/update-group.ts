import { groupNotFound, HttpError } from '../../errors.js'
import { type Rollout, rolloutOf } from '../../nodes/groups/group.js'
import { GroupChanged, type StoredGroup } from '../../nodes/groups/group-rows.js'
import type { Groups, UpdateOptions } from '../../nodes/groups/groups.js'
import type { Known } from '../../nodes/launches.js'
import { seal } from '../../seal.js'
import { checkRequest } from '../check-request.js'
import type { KeepAnswer } from '../replies.js'
import { changesOf, newestFirst } from './group-changes.js'
import type { GroupsOptions } from './groups-options.js'

/** Stores what the nodes of a group are to be replaced by. Whoever looks after groups then does it. */
export function createGroupUpdates({
  groups,
  registry,
  replies,
  known,
  key,
  locked,
  now,
  ...options
}: GroupsOptions): Groups['update'] {
  return (groupId, change, how, once) =>
    once
      ? replies.once(once, (keep) => updateNow(groupId, change, how, keep))
      : updateNow(groupId, change, how, async () => {})

  async function updateNow(
    groupId: string,
    change: Parameters<Groups['update']>[1],
    how: UpdateOptions,
    keep: KeepAnswer<object>,
  ): Promise<object> {
    const before = await updatable(groupId)
    const { targets, removed, toAdd } = await changesOf(before, how, registry)
    const isLaunching = targets.length > 0 || toAdd > 0
    const checked = isLaunching && (await checkRequest(change(await knownOf(before)), options))
    return locked(async () => {
      // It may have been terminated meanwhile.
      const { row } = await updatable(groupId)
      if (row.version !== before.row.version) throw new GroupChanged(groupId)
      const generation = row.generation + 1
      const rollout: Rollout = {
        ...{ state: 'running', generation, wanted: targets.length, replaced: 0 },
        ...(toAdd > 0 && { to_add: toAdd, added: 0 }),
        ...(removed.length > 0 && { removed: removed.length }),
        ...{ max_surge: how.surge, started_at: now().toISOString(), targets },
      }
      const sealed = checked && seal(key, rolloutKey(groupId, generation), checked.request)
      await groups.change(row, {
        set: {
          ...{ busy: 1, generation, rollout: JSON.stringify(rollout) },
          replicas: row.replicas - removed.length,
          rollout_request: sealed || null,
        },
        roles: removed.map((node_id) => ({ node_id, role: 'leaving' })),
        alongside: (transaction) => keep({}, transaction),
      })
      return {}
    })
  }

  async function updatable(groupId: string): Promise<StoredGroup> {
    const group = await groups.find(groupId)
    if (!group) throw groupNotFound()
    const { state, busy, service } = group.row
    if (service !== null) {
      throw new HttpError(
        400,
        `group ${groupId} is a service of SkyServe, which cannot be updated here; terminate it, and launch it anew`,
      )
    }
    if (state !== 'running') throw new HttpError(409, `group ${groupId} has been terminated`)
    if (rolloutOf(group.row)?.state === 'running' || busy !== 0) {
      throw new HttpError(409, `group ${groupId} is being updated; wait for the end of that`)
    }
    return group
  }

  /** What a member was launched with; of one that runs, the secrets are known, too. */
  async function knownOf({ members }: StoredGroup): Promise<Known> {
    const own = members.filter(({ role }) => role === 'member').sort(newestFirst)
    let found: Known | undefined
    for (const { node_id } of own) {
      const one = await known(node_id).catch((error) => {
        if (error instanceof HttpError && error.status === 404) return undefined
        throw error
      })
      if (one && one.secrets.length === 0 && one.masked.length === 0) return one
      found ??= one
    }
    if (found) return found
    throw new HttpError(409, 'none of its nodes is left, so it is not known what to launch')
  }
}

/** What an update's request is sealed with. */
export function rolloutKey(groupId: string, generation: number): string {
  return `group ${groupId} ${generation}`
}
