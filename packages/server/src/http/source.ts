import { HttpError } from '../errors.js'
import type { Source } from '../ingest/raw-output.js'
import { idempotencyKey, type Repeatable } from './idempotency.js'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

interface Named extends Repeatable {
  header(name: 'Idempotency-Key' | 'Log-Source'): string | undefined
}

interface Placed extends Named {
  header(name: 'Idempotency-Key' | 'Log-Source' | 'Log-Offset'): string | undefined
}

/**
 * The source of raw output that a call names: `Log-Source` with `Log-Offset`, or an
 * `Idempotency-Key`, which makes the server skip what it already has.
 */
export function sourceOf(call: Placed): Source | undefined {
  const at = call.header('Log-Offset')
  if (at !== undefined && call.header('Log-Source') === undefined) {
    throw new HttpError(400, "'Log-Offset' needs a 'Log-Source'")
  }
  const source = namedSourceOf(call)
  if (at === undefined || source === undefined) return source
  if (!/^\d{1,15}$/.test(at)) {
    throw new HttpError(400, "'Log-Offset' must be a whole number of bytes")
  }
  return { ...source, offset: Number(at) }
}

/** The same, from its beginning. */
export function namedSourceOf(call: Named): Source | undefined {
  const name = call.header('Log-Source')
  if (name === undefined) {
    const key = idempotencyKey(call, 'logs')
    return key === undefined ? undefined : { name: `key:${key}`, offset: 0, key }
  }
  if (!UUID.test(name)) throw new HttpError(400, "'Log-Source' must be a UUID")
  return { name: `source:${name.toLowerCase()}`, offset: 0 }
}
