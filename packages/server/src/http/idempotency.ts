import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { HttpError } from '../errors.js'
import type { Once } from '../nodes/launches.js'

/** A call of an operation that reads an `Idempotency-Key`. */
export interface Repeatable {
  header(name: 'Idempotency-Key'): string | undefined
  readonly request: FastifyRequest
}

/**
 * The call's `Idempotency-Key`, combined with the caller and with what is called; undefined if it
 * has none. It is hashed because it becomes part of the storage's keys.
 */
export function idempotencyKey({ header, request }: Repeatable, path: string): string | undefined {
  const key = header('Idempotency-Key')
  if (key === undefined) return undefined
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new HttpError(400, "'Idempotency-Key' must be 1 to 255 visible ASCII characters")
  }
  return sha256(`${request.principal?.id}\n${path}\n${key}`)
}

/** A call whose request must take effect once, if it has an `Idempotency-Key`. */
export function onceOf(call: Repeatable & { bytes: Buffer }, path: string): Once | undefined {
  const key = idempotencyKey(call, path)
  return key === undefined ? undefined : { key, digest: sha256(call.bytes) }
}

export function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}
