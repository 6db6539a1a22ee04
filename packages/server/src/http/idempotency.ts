import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { HttpError } from '../errors.js'

/**
 * The request's `Idempotency-Key`, made one with who asks and for what; undefined where it has
 * none. Hashed: it goes into keys of the storage.
 */
export function idempotencyKey(request: FastifyRequest, path: string): string | undefined {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  if (!/^[\x21-\x7e]{1,255}$/.test(String(key))) {
    throw new HttpError(400, "'Idempotency-Key' must be 1 to 255 visible ASCII characters")
  }
  return sha256(`${request.caller}\n${path}\n${key}`)
}

export function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}
