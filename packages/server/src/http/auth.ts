import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { HttpError } from '../errors.js'
import type { Guesses } from './guesses.js'

/** Returns a short name of the request's token, or throws 401, or 429 for too many wrong ones. */
export type Authenticate = (request: IncomingMessage) => string

export interface Authenticator {
  authenticate: Authenticate
  /** Takes the token as `Authorization: Bearer`, too, for senders that know no other header. */
  authenticateBearer: Authenticate
  /** False for a missing or a wrong token, which is not counted. Throws 429 as `authenticate` does. */
  isAuthentic(request: IncomingMessage): boolean
  /** True if a token of that short name is accepted. */
  isKnown(caller: string): boolean
}

/**
 * Checks `X-Admin-Token`. It always compares the digests of all tokens, so its duration reveals
 * neither the length of a token nor which of them matched. A missing token is no guess: it reveals
 * nothing, and every browser that opens the page for the first time sends none.
 */
export function authenticator(tokens: readonly string[], guesses: Guesses): Authenticator {
  const digests = tokens.map(digestOf)
  const names = new Set(digests.map(nameOf))
  return {
    authenticate: (request) => authenticate(request, tokenOf(request)),
    authenticateBearer: (request) => authenticate(request, tokenOf(request) || bearerOf(request)),
    isAuthentic: (request) => callerOf(request, tokenOf(request)) !== undefined,
    isKnown: (caller) => names.has(caller),
  }

  function authenticate(request: IncomingMessage, token: string): string {
    const caller = callerOf(request, token)
    if (caller !== undefined) return caller
    if (token === '') throw new HttpError(401, 'missing admin token')
    guesses.count(request)
    throw new HttpError(401, 'invalid admin token')
  }

  /** Undefined for a missing or a wrong token. */
  function callerOf(request: IncomingMessage, token: string): string | undefined {
    guesses.check(request)
    if (token === '') return undefined
    const digest = digestOf(token)
    let known = false
    for (const one of digests) known = timingSafeEqual(one, digest) || known
    return known ? nameOf(digest) : undefined
  }
}

/** Two such headers arrive as one with a comma, which no token contains. */
function tokenOf({ headers }: IncomingMessage): string {
  return String(headers['x-admin-token'] ?? '')
}

function bearerOf({ headers }: IncomingMessage): string {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? ''
}

function nameOf(digest: Buffer): string {
  return digest.toString('hex').slice(0, 16)
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
