import type { Replica, Service } from '../../launcher.js'
import { fields, numberOf, text } from '../api/fields.js'

/** A service's record in the answer of `/serve/status`. Any field may be missing in one version or another. */
export function servicesIn(value: unknown): (Service & { readonly name: string })[] | undefined {
  if (!Array.isArray(value)) return undefined
  return value.map(fields).map(({ name, status, endpoint, replica_info }) => ({
    name: text(name) ?? '',
    status: statusIn(status),
    endpoint: addressIn(endpoint),
    replicas: (Array.isArray(replica_info) ? replica_info : []).map(fields).flatMap(replicaIn),
  }))
}

function replicaIn({ replica_id, status, status_detail, endpoint }: ReturnType<typeof fields>) {
  const id = numberOf(replica_id)
  if (id === undefined) return []
  const replica: Replica = {
    ...{ id, status: statusIn(status), detail: text(status_detail) },
    endpoint: addressIn(endpoint),
  }
  return replica
}

function statusIn(status: unknown): string {
  return (text(status) ?? '').replace(/^(?:Service|Replica)Status\./, '')
}

/** SkyPilot writes `http://None` where it knows no address. */
function addressIn(endpoint: unknown): string | undefined {
  const address = text(endpoint)
  return address === undefined || /^(?:https?:\/\/)?(?:None|-)?$/.test(address)
    ? undefined
    : address
}

/** True for a replica that serves, or is to: any other one is replaced, or is not to be there. */
export function isAlive({ status }: Replica): boolean {
  return ALIVE.has(status)
}

const ALIVE = new Set(['PENDING', 'PROVISIONING', 'STARTING', 'READY', 'NOT_READY'])

/** True where a replica in this status has failed for good. While it shuts down, that is not decided. */
export function hasFailed({ status }: Replica): boolean {
  return status === 'PREEMPTED' || status === 'UNKNOWN' || status.startsWith('FAILED')
}
