import { randomUUID } from 'node:crypto'
import type { LaunchRequest } from '@launchtail/client/protocol'
import type { Insertable, Transaction } from 'kysely'
import type { LaunchesTable, Schema } from '../database/schema.js'
import { HttpError } from '../errors.js'
import type { LogStore } from '../logs/store.js'
import type { Launched } from '../nodes/launches.js'
import type { Registry } from '../nodes/registry.js'
import { requestOf } from './attempts/attempt.js'
import { clusterNameFor } from './cluster-name.js'
import { removeFolders } from './launch-folders.js'
import type { LaunchRows } from './launch-rows.js'
import { secretValuesOf } from './launch-secrets.js'
import type { Launcher } from './launcher.js'
import { isOnThisMachine } from './launchers.js'
import type { LeftClusters } from './left-clusters.js'
import type { Limits } from './limits/limits.js'
import { placeOfNode, useOfNode } from './place-of-node.js'
import type { KeepAnswer } from './replies.js'
import type { Runs } from './runs.js'
import { storedRequest } from './stored-launch.js'

export interface AdmissionOptions {
  rows: LaunchRows
  leftClusters: Pick<LeftClusters, 'has'>
  runs: Runs
  store: Pick<LogStore, 'ping'>
  registry: Registry
  folder: string
  key: Buffer
  clusterPrefix: string
  ownSecrets: readonly string[]
  /** This process's id. */
  owner: string
  now: () => Date
}

export interface AdmitOptions {
  launcher: Launcher
  limits: Limits
  /** Stores the answer in the transaction that stores the launch. */
  keep: KeepAnswer<Launched>
  /** The node whose launch is launched again. */
  relaunchOf?: string | undefined
}

export interface Admitted {
  readonly nodeId: string
  readonly launchId: string
  readonly clusterName: string
}

/** Decides whether a launch may begin, and stores it: from then on it is certain to be carried out. */
export function createAdmission(options: AdmissionOptions) {
  const { rows, leftClusters, runs, store, registry, folder, clusterPrefix, now } = options
  const { key, ownSecrets, owner } = options
  return { admit, refuseWhileRunning }

  async function admit(
    request: LaunchRequest,
    { launcher, limits, keep, relaunchOf }: AdmitOptions,
  ): Promise<Admitted> {
    const nodeId = request.node_id ?? randomUUID()
    await refuseWhileRunning(nodeId)
    // Once it is stored, the launch is retried until it works, so whether it can work is asked now.
    await store.ping()
    const { maxLifetime: max_lifetime_ms } = limits
    const first = requestOf(request, 1)
    const hidden = [...secretValuesOf(request), ...ownSecrets]
    const isOther = relaunchOf !== undefined && relaunchOf !== nodeId
    const about = {
      ...placeOfNode(first, hidden),
      ...useOfNode(request, hidden),
      ...(max_lifetime_ms !== undefined && { max_lifetime_ms }),
      ...(isOther && { relaunch_of: relaunchOf }),
    }
    const clusterName = await freeName(nodeId, first, about)
    await removeFolders(folder, await rows.ended(nodeId))
    const admitted = { nodeId, launchId: randomUUID(), clusterName }
    const row = { ...rowOf(admitted, request, launcher), limits: columnOf(limits) }
    const alongside = async (transaction: Transaction<Schema>) => {
      await rows.insert(row, transaction)
      await keep({ node_id: nodeId, cluster_name: clusterName }, transaction)
    }
    const node = { ...admitted, about, replace: true, alongside }
    await registry.create(node).catch(async (error) => {
      // Another process may have been quicker by a moment.
      await refuseWhileRunning(nodeId)
      throw error
    })
    return admitted
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
  ): Promise<string> {
    return clusterNameFor({
      prefix: clusterPrefix,
      nodeId,
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

  /** Throws 409 if the node has a launch that is not over. */
  async function refuseWhileRunning(nodeId: string): Promise<void> {
    await runs.settled(nodeId)
    if ((await rows.unended(nodeId)) === undefined) return
    const active = (await registry.get(nodeId))?.status === 'active'
    throw new HttpError(
      409,
      active ? `node ${nodeId} is running; terminate it first` : `node ${nodeId} is being launched`,
    )
  }
}

/** A launch on this machine is for nobody else to take up: see `leases`. */
function unleased({ name }: Launcher, owner: string) {
  return { owner: isOnThisMachine(name) ? owner : null, owner_number: 0, leased_until: 0 }
}

function columnOf(limits: Limits): string | null {
  return Object.keys(limits).length > 0 ? JSON.stringify(limits) : null
}
