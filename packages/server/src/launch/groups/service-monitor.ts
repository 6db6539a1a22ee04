import type { LaunchRequest } from '@launchtail/client/protocol'
import { type Rounds, startRounds } from '../../async/rounds.js'
import type { GroupRow, MemberRow } from '../../nodes/groups/group.js'
import { GroupChanged, type StoredGroup } from '../../nodes/groups/group-rows.js'
import { type StoredService, serviceOf } from '../../nodes/groups/service.js'
import { unseal } from '../../seal.js'
import type { Service } from '../launcher.js'
import { chooseLauncher } from '../launchers.js'
import { limitsOf } from '../limits/limits.js'
import { SkyApiError } from '../skypilot/api/error.js'
import { replicaName } from '../skypilot/serve/replica-name.js'
import { isAlive } from '../skypilot/serve/service.js'
import { UNKNOWN } from '../spending/prices.js'
import type { GroupsOptions } from './groups-options.js'
import { servicesOf } from './launched-services.js'
import { nodeIdOf } from './member.js'
import { rolloutKey } from './update-group.js'

const EVERY = 5000

/**
 * Looks after groups whose nodes are replicas of a service: what SkyServe says of it is the group's, and a
 * replica that SkyServe launches in place of another one becomes a node. As with `monitor`, any process
 * may do it.
 */
export function startServiceMonitor(options: GroupsOptions): Rounds {
  const { groups, launchers, admission, takeUp, limits, key, locked } = options
  const { closing, onFault, servicesEvery: every = EVERY } = options
  const rounds = startRounds(check, {
    every,
    onFault: (error) => onFault('looking for services', error),
  })
  void rounds.now()
  return rounds

  async function check(): Promise<void> {
    for (const row of await groups.serving()) {
      await look(row).catch((error) => {
        // The next round sees what has changed.
        if (error instanceof GroupChanged || closing.aborted) return
        // Its launches tell that SkyPilot is away.
        if (error instanceof SkyApiError && error.passes) return
        onFault(`looking after the service of group ${row.group_id}`, error)
      })
    }
  }

  async function look({ group_id }: GroupRow): Promise<void> {
    let group = await groups.find(group_id)
    const stored = group && serviceOf(group.row)
    if (!stored) return
    const service = await servicesOf(launchers).look(stored.name, closing)
    if (group) group = await noted(group, stored, service)
    for (const replica of service?.replicas ?? []) {
      // One that is over already was never here: its successor tells of it.
      if (!group || !isAlive(replica)) continue
      if (group.members.some(({ number }) => number === replica.id)) continue
      group = await add(group, stored, service as Service, replica.id)
    }
  }

  async function noted(
    { row, members }: StoredGroup,
    { name }: StoredService,
    service: Service | undefined,
  ): Promise<StoredGroup | undefined> {
    const { status, endpoint } = service ?? {}
    const now = JSON.stringify({
      name,
      ...(status && { status }),
      ...(endpoint !== undefined && { endpoint }),
    } satisfies StoredService)
    if (now === row.service) return { row, members }
    await groups.change(row, { set: { service: now } })
    return groups.find(row.group_id)
  }

  /** Makes a replica a node of the group, in place of one that is over if there is one. */
  async function add(
    { row, members }: StoredGroup,
    { name }: StoredService,
    service: Service,
    number: number,
  ): Promise<StoredGroup | undefined> {
    const groupId = row.group_id
    const member = { groupId, number }
    const nodeId = nodeIdOf(member)
    const replaced = replacedBy(members, service)
    const request = { ...requestOf(row), node_id: nodeId }
    const launcher = chooseLauncher(launchers, request.provider)
    const wanted = { request, launcher, limits: limitsOf(request, limits), prices: UNKNOWN, member }
    const clusterName = replicaName({ service: name, replica: number })
    await locked(async () => {
      const [{ launchId }] = await admission.admitAll(
        [{ ...wanted, clusterName }],
        (_, transaction) =>
          groups.change(
            row,
            {
              set: {
                next_number: Math.max(row.next_number, number + 1),
                ...(!replaced && { replicas: row.replicas + 1 }),
              },
              ...(replaced && { roles: [{ node_id: replaced.node_id, role: 'left' }] }),
              added: [
                {
                  ...{ group_id: groupId, node_id: nodeId, number, generation: row.generation },
                  ...{ role: 'member', replaces: replaced?.node_id ?? null },
                },
              ],
            },
            transaction,
          ),
      )
      await takeUp.start(nodeId, launchId)
    }, nodeId)
    return groups.find(groupId)
  }

  function requestOf({ group_id, generation, rollout_request }: GroupRow): LaunchRequest {
    return unseal<LaunchRequest>(key, rolloutKey(group_id, generation), rollout_request ?? '')
  }
}

/** The first member whose replica is over: one that is to come is not missing yet. */
function replacedBy(members: readonly MemberRow[], { replicas }: Service): MemberRow | undefined {
  const newest = Math.max(...replicas.map(({ id }) => id))
  return members.find(
    ({ role, number }) =>
      role === 'member' &&
      number < newest &&
      !replicas.some((replica) => replica.id === number && isAlive(replica)),
  )
}
