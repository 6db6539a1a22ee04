import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { HttpError } from '../errors.js'

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
  return sha256(`${request.caller}\n${path}\n${key}`)
}

export function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}
