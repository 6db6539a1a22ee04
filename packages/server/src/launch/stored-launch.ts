import { join } from 'node:path'
import type { LaunchRequest, NodeLaunch } from '@launchtail/client/protocol'
import { saysSecret } from '../output/redact/named.js'
import { secretsIn, withoutSecrets } from './asked.js'
import type { Launch } from './launcher.js'
import type { LaunchRow } from './leases.js'
import { seal, unseal } from './seal.js'
import { parseTask } from './task.js'

export interface StoredLaunchOptions {
  key: Buffer
  /** Has a folder for each launch. */
  folder: string
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

/** What `LaunchesTable.request` holds. Launches of before it was kept have no `asked`. */
interface Kept {
  cluster_name: string
  asked?: NodeLaunch
}

/**
 * The columns that keep what is to be launched: what may be read for as long as the node is known,
 * and the whole of it, encrypted, until the launch is over. Any of a request's fields may hold a
 * secret.
 */
export function storedRequest({
  key,
  launchId,
  nodeId,
  request,
  clusterName,
  ownSecrets,
}: StoredRequestOptions): { request: string; secrets: string } {
  const asked = withoutSecrets({ ...request, node_id: nodeId }, [
    ...valuesOf(request),
    ...ownSecrets,
  ])
  const kept: Kept = { cluster_name: clusterName, asked }
  return { request: JSON.stringify(kept), secrets: seal(key, launchId, request) }
}

/** What a launch was asked for with, less its secrets; undefined where that was not kept. */
export function readAsked({ request }: Pick<LaunchRow, 'request'>): NodeLaunch | undefined {
  return (JSON.parse(request) as Kept).asked
}

/** A launch as it was stored, and why its secrets cannot be had, where they cannot. */
export function readLaunch(
  row: LaunchRow,
  { key, folder }: StoredLaunchOptions,
): { launch: Launch; secrets: readonly string[]; fault?: unknown } {
  const { cluster_name: clusterName } = JSON.parse(row.request) as Kept
  const { sealed, fault } = openSecrets(key, row)
  const request = sealed ?? ({} as LaunchRequest)
  const launch = { nodeId: row.node_id, clusterName, request, folder: join(folder, row.launch_id) }
  return { launch, secrets: valuesOf(request), ...(fault !== undefined && { fault }) }
}

function openSecrets(key: Buffer, { launch_id, secrets }: LaunchRow) {
  try {
    return { sealed: unseal<LaunchRequest>(key, launch_id, secrets ?? '') }
  } catch (fault) {
    return { fault }
  }
}

/**
 * Values of `envs` that are secrets, by their names or because the task says so, are kept as secrets
 * are.
 */
export function withSecretEnvs(request: LaunchRequest): LaunchRequest {
  const declared = request.task === undefined ? {} : parseTask(request.task).secrets
  const isHidden = (name: string) => saysSecret(name) || Object.hasOwn(declared, name)
  const envs = Object.entries(request.envs ?? {})
  if (!envs.some(([name]) => isHidden(name))) return request
  const hidden = envs.filter(([name]) => isHidden(name))
  return {
    ...request,
    envs: Object.fromEntries(envs.filter(([name]) => !isHidden(name))),
    secrets: { ...Object.fromEntries(hidden), ...request.secrets },
  }
}

function valuesOf({ secrets = {}, task }: LaunchRequest): readonly string[] {
  const own = task === undefined ? {} : secretsIn(parseTask(task))
  const values = [...Object.values(own), ...Object.values(secrets)]
  return [...new Set(values)].filter((value) => value !== null && value !== '') as string[]
}
