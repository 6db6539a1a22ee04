import { groupNotFound, HttpError } from '../../errors.js'
import { type MemberRow, type Rollout, rolloutOf } from '../../nodes/groups/group.js'
import type { StoredGroup } from '../../nodes/groups/group-rows.js'
import type { Groups, UpdateOptions } from '../../nodes/groups/groups.js'
import type { Known } from '../../nodes/launches.js'
import { seal } from '../../seal.js'
import { checkRequest } from '../check-request.js'
import type { KeepAnswer } from '../replies.js'
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
    { only, surge }: UpdateOptions,
    keep: KeepAnswer<object>,
  ): Promise<object> {
    const before = await updatable(groupId)
    const targets = await targetsIn(before, only)
    const { request } = await checkRequest(change(await knownOf(before)), options)
    return locked(async () => {
      // It may have been terminated meanwhile.
      const { row } = await updatable(groupId)
      const generation = row.generation + 1
      const rollout: Rollout = {
        ...{ state: 'running', generation, wanted: targets.length, replaced: 0 },
        ...{ max_surge: surge, started_at: now().toISOString(), targets },
      }
      await groups.change(row, {
        set: {
          ...{ busy: 1, generation, rollout: JSON.stringify(rollout) },
          rollout_request: seal(key, rolloutKey(groupId, generation), request),
        },
        alongside: (transaction) => keep({}, transaction),
      })
      return {}
    })
  }

  async function updatable(groupId: string): Promise<StoredGroup> {
    const group = await groups.find(groupId)
    if (!group) throw groupNotFound()
    const { state, busy } = group.row
    if (state !== 'running') throw new HttpError(409, `group ${groupId} has been terminated`)
    if (rolloutOf(group.row)?.state === 'running' || busy !== 0) {
      throw new HttpError(409, `group ${groupId} is being updated; wait for the end of that`)
    }
    return group
  }

  /** Those that do not serve come first: replacing them costs nothing. */
  async function targetsIn(
    { row: { group_id: groupId }, members }: StoredGroup,
    only: readonly string[] | undefined,
  ): Promise<string[]> {
    const own = members.filter(({ role }) => role === 'member')
    const other = only?.find((nodeId) => !own.some((member) => member.node_id === nodeId))
    if (other !== undefined) throw new HttpError(400, `${other} is not a node of group ${groupId}`)
    const wanted = own.filter(({ node_id }) => !only || only.includes(node_id))
    const serving = await Promise.all(
      wanted.map(async ({ node_id }) => (await registry.get(node_id))?.status === 'active'),
    )
    const inOrder = [false, true].flatMap((isServing) =>
      wanted.filter((_, i) => serving[i] === isServing),
    )
    return inOrder.map(({ node_id }) => node_id)
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

function newestFirst(a: MemberRow, b: MemberRow): number {
  return b.number - a.number
}

/** What an update's request is sealed with. */
export function rolloutKey(groupId: string, generation: number): string {
  return `group ${groupId} ${generation}`
}
