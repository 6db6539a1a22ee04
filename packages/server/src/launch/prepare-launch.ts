import { randomUUID } from 'node:crypto'
import type { LaunchRequest } from '@launchtail/client/protocol'
import type { Insertable, Transaction } from 'kysely'
import type { LaunchesTable, Schema } from '../database/schema.js'
import type { NewNode } from '../nodes/add-node.js'
import type { Registry } from '../nodes/registry.js'
import { requestOf } from './attempts/attempt.js'
import { clusterNameFor } from './cluster-name.js'
import type { LaunchRows } from './launch-rows.js'
import { secretValuesOf } from './launch-secrets.js'
import type { Launcher } from './launcher.js'
import { isOnThisMachine } from './launchers.js'
import type { LeftClusters } from './left-clusters.js'
import type { Limits } from './limits/limits.js'
import type { NodeAccess } from './node-access.js'
import { placeOfNode, useOfNode } from './place-of-node.js'
import type { Prices } from './spending/prices.js'
import { storedRequest } from './stored-launch.js'

export interface PreparingOptions {
  rows: Pick<LaunchRows, 'insert'>
  leftClusters: Pick<LeftClusters, 'has'>
  registry: Registry
  key: Buffer
  clusterPrefix: string
  ownSecrets: readonly string[]
  /** This process's id. */
  owner: string
  access: Pick<NodeAccess, 'admit'>
  now: () => Date
}

/** A launch that is to be admitted. */
export interface Wanted {
  request: LaunchRequest
  launcher: Launcher
  limits: Limits
  /** What an hour of it costs, where there is a budget. */
  prices: Prices
  /** The node whose launch is launched again. */
  relaunchOf?: string | undefined
  /** The group that it is one of, and its number there. */
  member?: { readonly groupId: string; readonly number: number } | undefined
  /** The name of its cluster, where that is given. */
  clusterName?: string | undefined
}

export interface Admitted {
  readonly nodeId: string
  readonly launchId: string
  readonly clusterName: string
}

/** Makes of a launch what is to be stored of it. */
export function createPreparing(options: PreparingOptions) {
  const { rows, leftClusters, registry, key, clusterPrefix, ownSecrets, owner, access, now } =
    options
  return async function prepare({
    nodeId,
    request,
    launcher,
    limits,
    relaunchOf,
    member,
    clusterName: given,
  }: Wanted & { nodeId: string }): Promise<{ admitted: Admitted; node: NewNode }> {
    const { maxLifetime: max_lifetime_ms, budget } = limits
    const first = requestOf(request, 1)
    const hidden = [...secretValuesOf(request), ...ownSecrets]
    const isOther = relaunchOf !== undefined && relaunchOf !== nodeId
    const about = {
      ...placeOfNode(first, hidden),
      ...useOfNode(request, hidden),
      ...(max_lifetime_ms !== undefined && { max_lifetime_ms }),
      ...(budget !== undefined && { budget }),
      ...(isOther && { relaunch_of: relaunchOf }),
      ...(member && { group: member.groupId }),
    }
    const clusterName = given ?? (await freeName(nodeId, first, about, member))
    const admitted = { nodeId, launchId: randomUUID(), clusterName }
    const row = { ...rowOf(admitted, request, launcher), limits: columnOf(limits) }
    const alongside = async (transaction: Transaction<Schema>) => {
      await rows.insert(row, transaction)
      await access.admit({ ...admitted, launcher: launcher.name }, transaction)
    }
    return { admitted, node: { ...admitted, about, replace: true, alongside } }
  }

  function rowOf(
    { nodeId, launchId, clusterName }: Admitted,
    request: LaunchRequest,
    launcher: Launcher,
  ): Omit<Insertable<LaunchesTable>, 'limits'> {
    return {
      launch_id: launchId,
      node_id: nodeId,
      launcher: launcher.name,
      ...{ handle: null, attempt: null, idle: null },
      ...storedRequest({ key, launchId, nodeId, request, clusterName, ownSecrets }),
      source: `launch:${launchId}`,
      state: 'starting' as const,
      created_at: now().toISOString(),
      ended_at: null,
      ...unleased(launcher, owner),
    }
  }

  /** Made of words that may be shown: nothing could find a secret in it again. */
  async function freeName(
    nodeId: string,
    { use_spot: spot = false }: LaunchRequest,
    { provider, region, gpu }: ReturnType<typeof placeOfNode>,
    member: Wanted['member'],
  ): Promise<string> {
    return clusterNameFor({
      prefix: clusterPrefix,
      nodeId: member?.groupId ?? nodeId,
      number: member?.number,
      provider,
      region,
      gpu,
      spot,
      taken: isTaken(nodeId),
    })
  }

  /** By another node, or by a cluster that is being taken down: the new one would go with it. */
  function isTaken(nodeId: string) {
    return async (name: string) =>
      (await leftClusters.has(name)) ||
      (await registry.named(name)).some((other) => other !== nodeId)
  }
}

/** A launch on this machine is for nobody else to take up: see `leases`. */
function unleased({ name }: Launcher, owner: string) {
  return { owner: isOnThisMachine(name) ? owner : null, owner_number: 0, leased_until: 0 }
}

function columnOf(limits: Limits): string | null {
  return Object.keys(limits).length > 0 ? JSON.stringify(limits) : null
}
