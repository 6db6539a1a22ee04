import type { FastifyRequest } from 'fastify'
import { HttpError } from '../errors.js'
import type { Source } from '../ingest/raw-output.js'
import { idempotencyKey } from './idempotency.js'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * The source a request names: `Log-Source` with `Log-Offset`, or an `Idempotency-Key`, which for
 * raw output means that what is in already is skipped.
 */
export function sourceOf(request: FastifyRequest): Source | undefined {
  const { 'log-source': name, 'log-offset': at } = request.headers
  if (name === undefined) {
    if (at !== undefined) throw new HttpError(400, "'Log-Offset' needs a 'Log-Source'")
    const key = idempotencyKey(request, 'logs')
    return key === undefined ? undefined : { name: `key:${key}`, offset: 0, key }
  }
  if (!UUID.test(String(name))) throw new HttpError(400, "'Log-Source' must be a UUID")
  if (at !== undefined && !/^\d{1,15}$/.test(String(at))) {
    throw new HttpError(400, "'Log-Offset' must be a whole number of bytes")
  }
  return { name: `source:${String(name).toLowerCase()}`, offset: Number(at ?? 0) }
}
