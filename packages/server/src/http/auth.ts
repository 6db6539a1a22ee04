import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { HttpError } from '../errors.js'
import type { Guesses } from './guesses.js'

/** Returns a short name of the request's token, or throws 401, or 429 for too many wrong ones. */
export type Authenticate = (request: IncomingMessage) => string

/**
 * Checks `X-Admin-Token`. It always compares the digests of all tokens, so its duration reveals
 * neither the length of a token nor which of them matched. A missing token is no guess: it reveals
 * nothing, and every browser that opens the page for the first time sends none.
 */
export function authenticator(tokens: readonly string[], guesses: Guesses): Authenticate {
  const digests = tokens.map(digestOf)
  return (request) => {
    guesses.check(request)
    const given = request.headers['x-admin-token']
    if (given === undefined || given === '') throw new HttpError(401, 'missing admin token')
    // Two such headers arrive as one with a comma, which no token contains.
    const digest = digestOf(String(given))
    let known = false
    for (const one of digests) known = timingSafeEqual(one, digest) || known
    if (!known) {
      guesses.count(request)
      throw new HttpError(401, 'invalid admin token')
    }
    return digest.toString('hex').slice(0, 16)
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
