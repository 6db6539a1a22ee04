import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { HttpError } from '../errors.js'

/** Tells who asks: a short name of the token that was given, or throws 401. */
export type Authenticate = (request: IncomingMessage) => string

/**
 * Checks `X-Admin-Token`. Digests are compared, each of them every time, so how long it takes tells
 * neither a token's length nor which of several it was.
 */
export function authenticator(tokens: readonly string[]): Authenticate {
  const digests = tokens.map(digestOf)
  return (request) => {
    const given = request.headers['x-admin-token']
    if (given === undefined || given === '') throw new HttpError(401, 'missing admin token')
    // Two such headers arrive as one with a comma, which no token has.
    const digest = digestOf(String(given))
    let known = false
    for (const one of digests) known = timingSafeEqual(one, digest) || known
    if (!known) throw new HttpError(401, 'invalid admin token')
    return digest.toString('hex').slice(0, 16)
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
