import { fields, json, numberOf, text } from './fields.js'

/** A request as SkyPilot lists it. Any field may be missing in one version or another. */
export interface SkyRequest {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly cluster: string | undefined
  /** Seconds since 1970. */
  readonly createdAt: number
}

export type SkyResult =
  | { readonly status: 'SUCCEEDED'; readonly value: unknown }
  | { readonly status: 'FAILED'; readonly type: string; readonly message: string }
  | { readonly status: 'CANCELLED' }

/** The name of a request that launches a cluster. */
export const LAUNCH = 'sky.launch'

/** The answer of `/api/status`; undefined where it is not one. */
export function requestsIn(body: unknown): SkyRequest[] | undefined {
  if (!Array.isArray(body)) return undefined
  return body.flatMap((payload) => {
    const { request_id, name, status, cluster_name, created_at } = fields(payload)
    if (typeof request_id !== 'string') return []
    return {
      id: request_id,
      name: text(name) ?? '',
      status: text(status) ?? '',
      cluster: text(cluster_name),
      createdAt: numberOf(created_at) ?? 0,
    }
  })
}

/** The answer of `/api/get`, where a failure is a 500; undefined where it is not one. */
export function resultIn(status: number, body: unknown): SkyResult | undefined {
  const failed = status === 500
  const payload = fields(failed ? fields(body).detail : body)
  if (payload.status === 'CANCELLED') return { status: payload.status }
  if (payload.status === 'SUCCEEDED' && !failed) {
    return { status: payload.status, value: json(payload.return_value) }
  }
  if (payload.status !== 'FAILED') return undefined
  // The error's `object` is a pickle, which is never read.
  const { type, message } = fields(json(payload.error))
  return { status: payload.status, type: text(type) ?? '', message: text(message) ?? '' }
}

/** True where a request in this status is over. An unknown status counts as going on. */
export function isOver(status: string): boolean {
  return ['SUCCEEDED', 'FAILED', 'CANCELLED'].includes(status)
}

/** True where an exception of this name says that there is no such cluster. */
export function isGone(type: string | undefined): boolean {
  return /\bClusterDoesNotExist\b/.test(type ?? '')
}
