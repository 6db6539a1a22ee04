import { join } from 'node:path'
import type { LaunchRequest } from '@launchtail/client/protocol'
import type { Launch } from './launcher.js'
import type { LaunchRow } from './leases.js'
import { saysSecret } from './redact/named.js'
import { seal, unseal } from './seal.js'
import { parseTask } from './task.js'

export interface StoredLaunchOptions {
  key: Buffer
  /** Has a folder for each launch. */
  folder: string
}

/** The columns that keep what is to be launched. Any of a request's fields may hold a secret. */
export function storedRequest(
  key: Buffer,
  launchId: string,
  request: LaunchRequest,
  clusterName: string,
): { request: string; secrets: string } {
  return {
    request: JSON.stringify({ cluster_name: clusterName }),
    secrets: seal(key, launchId, request),
  }
}

/** A launch as it was stored, and why its secrets cannot be had, where they cannot. */
export function readLaunch(
  row: LaunchRow,
  { key, folder }: StoredLaunchOptions,
): { launch: Launch; secrets: readonly string[]; fault?: unknown } {
  const { cluster_name: clusterName } = JSON.parse(row.request) as { cluster_name: string }
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

/** Values of `envs` whose names say that they are secret are kept as secrets are. */
export function withSecretEnvs(request: LaunchRequest): LaunchRequest {
  const envs = Object.entries(request.envs ?? {})
  if (!envs.some(([name]) => saysSecret(name))) return request
  const hidden = envs.filter(([name]) => saysSecret(name))
  return {
    ...request,
    envs: Object.fromEntries(envs.filter(([name]) => !saysSecret(name))),
    secrets: { ...Object.fromEntries(hidden), ...request.secrets },
  }
}

function valuesOf({ secrets = {}, task }: LaunchRequest): readonly string[] {
  const { secrets: own = {}, envs = {} } = task === undefined ? {} : parseTask(task)
  const hidden = Object.keys(envs).filter(saysSecret)
  const values = [
    ...Object.values(own),
    ...hidden.map((name) => envs[name]),
    ...Object.values(secrets),
  ]
  return [...new Set(values)].filter((value) => value !== null && value !== '') as string[]
}
