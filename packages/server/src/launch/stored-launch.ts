import { join } from 'node:path'
import type { LaunchRequest, NodeLaunch } from '@launchtail/client/protocol'
import { seal, unseal } from '../seal.js'
import { withoutSecrets } from './asked.js'
import { isFurther, readAttempt, requestOf } from './attempts/attempt.js'
import type { LaunchRow } from './launch-rows.js'
import { secretValuesOf } from './launch-secrets.js'
import type { Launch } from './launcher.js'
import type { Limits } from './limits/limits.js'
import { NO_ACCESS, type NodeAccess, withAccess } from './node-access.js'

export interface StoredLaunchOptions {
  key: Buffer
  /** Contains a folder for each launch. */
  folder: string
  /** What the node is given to send its log in. */
  access?: Pick<NodeAccess, 'variablesOf'>
}

export interface StoredRequestOptions {
  key: Buffer
  launchId: string
  nodeId: string
  request: LaunchRequest
  clusterName: string
  /** The server's own secrets. */
  ownSecrets: readonly string[]
}

/** The JSON in `LaunchesTable.request`. Launches that were stored by early versions have no `asked`. */
interface StoredRequest {
  cluster_name: string
  asked?: NodeLaunch
}

/**
 * The columns that keep a request: what may be read for as long as the node is known, and all of it,
 * encrypted, until the launch is over. Any field of a request may contain a secret.
 */
export function storedRequest({
  key,
  launchId,
  nodeId,
  request,
  clusterName,
  ownSecrets,
}: StoredRequestOptions): { request: string; secrets: string } {
  const values = [...secretValuesOf(request), ...ownSecrets]
  const asked = withoutSecrets({ ...request, node_id: nodeId }, values)
  const stored: StoredRequest = { cluster_name: clusterName, asked }
  return { request: JSON.stringify(stored), secrets: seal(key, launchId, request) }
}

/** The request of a launch, without its secrets; undefined if it was not kept. */
export function readAsked({ request }: Pick<LaunchRow, 'request'>): NodeLaunch | undefined {
  return (JSON.parse(request) as StoredRequest).asked
}

/** The whole request of a launch that is not over; undefined if it cannot be read. */
export function readRequest(
  row: Pick<LaunchRow, 'launch_id' | 'secrets'>,
  key: Buffer,
): LaunchRequest | undefined {
  return openSecrets(key, row).sealed
}

/** A launch as it was stored. `fault` tells why its secrets cannot be read, if they cannot. */
export function readLaunch(
  row: LaunchRow,
  { key, folder, access = NO_ACCESS }: StoredLaunchOptions,
): { launch: Launch; secrets: readonly string[]; fault?: unknown } {
  const { cluster_name: clusterName } = JSON.parse(row.request) as StoredRequest
  const { sealed, fault } = openSecrets(key, row)
  const { launch_id: launchId, node_id: nodeId, launcher } = row
  const variables = sealed && access.variablesOf({ launchId, nodeId, launcher })
  const request = withAccess(sealed ?? ({} as LaunchRequest), variables)
  const { keepOnFailure: keep, launchTimeout } = JSON.parse(row.limits ?? '{}') as Limits
  const attempt = readAttempt(row.attempt)
  const { number = 1, at } = attempt ?? {}
  const elapsed = at === undefined ? 0 : at - Date.parse(row.created_at)
  const launch = {
    nodeId: row.node_id,
    clusterName,
    request: requestOf(request, number, { elapsed, launchTimeout }),
    folder: join(folder, row.launch_id, ...(isFurther(attempt) ? [`attempt-${number}`] : [])),
    ...(keep !== undefined && { keep }),
  }
  return { launch, secrets: secretValuesOf(request), ...(fault !== undefined && { fault }) }
}

function openSecrets(
  key: Buffer,
  { launch_id, secrets }: Pick<LaunchRow, 'launch_id' | 'secrets'>,
): { sealed?: LaunchRequest; fault?: unknown } {
  try {
    return { sealed: unseal<LaunchRequest>(key, launch_id, secrets ?? '') }
  } catch (fault) {
    return { fault }
  }
}
