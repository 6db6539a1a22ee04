import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { SCOPES } from '@launchtail/client/protocol'
import { HttpError } from '../errors.js'
import type { Principal } from '../rights/principal.js'
import { digestOf, isTokenText } from '../rights/token-text.js'
import type { Tokens } from '../rights/tokens.js'
import type { Guesses } from './guesses.js'

/** Returns whoever has the request's token, or throws 401, or 429 for too many wrong ones. */
export type Authenticate = (request: IncomingMessage) => Principal

export interface Authenticator {
  authenticate: Authenticate
  /** Takes the token as `Authorization: Bearer`, too, for senders that know no other header. */
  authenticateBearer: Authenticate
  /** Undefined for a missing or a wrong token, which is not counted. Throws 429 as `authenticate` does. */
  principalOf(request: IncomingMessage): Principal | undefined
  /** True if the token of that principal's id is accepted. */
  isKnown(caller: string): boolean
}

export interface AuthenticatorOptions {
  /** The admin tokens of the configuration. */
  configured: readonly string[]
  /** Those that were created since. */
  tokens: Pick<Tokens, 'principalOf' | 'isKnown'>
  guesses: Guesses
}

/**
 * Checks `X-Admin-Token`. It always compares the digests of all configured tokens, so its duration
 * reveals neither the length of a token nor which of them matched. A missing token is no guess: it
 * reveals nothing, and every browser that opens the page for the first time sends none. Neither is a
 * token of ours that has ended: nobody finds one of 178 bits, and a node that goes on sending with the
 * token of its last launch must lock nobody out.
 */
export function authenticator({
  configured,
  tokens,
  guesses,
}: AuthenticatorOptions): Authenticator {
  const admins = configured.map(adminOf)
  const names = new Set(admins.map(({ principal }) => principal.id))
  return {
    authenticate: (request) => authenticate(request, tokenOf(request)),
    authenticateBearer: (request) => authenticate(request, tokenOf(request) || bearerOf(request)),
    principalOf: (request) => principalOf(request, tokenOf(request)),
    isKnown: (caller) => names.has(caller) || tokens.isKnown(caller),
  }

  function authenticate(request: IncomingMessage, token: string): Principal {
    const principal = principalOf(request, token)
    if (principal) return principal
    if (token === '') throw new HttpError(401, 'missing admin token')
    if (!isTokenText(token)) guesses.count(request)
    throw new HttpError(401, 'invalid admin token')
  }

  function principalOf(request: IncomingMessage, token: string): Principal | undefined {
    guesses.check(request)
    if (token === '') return undefined
    const digest = digestOf(token)
    let known: Principal | undefined
    for (const admin of admins) {
      if (timingSafeEqual(admin.digest, digest)) known = admin.principal
    }
    return known ?? tokens.principalOf(token, digest)
  }
}

function adminOf(token: string): { digest: Buffer; principal: Principal } {
  const digest = digestOf(token)
  const id = digest.toString('hex').slice(0, 16)
  const scopes = new Set(SCOPES)
  return { digest, principal: { id, name: 'admin token', scopes, isRevocable: false } }
}

/** Two such headers arrive as one with a comma, which no token contains. */
function tokenOf({ headers }: IncomingMessage): string {
  return String(headers['x-admin-token'] ?? '')
}

function bearerOf({ headers }: IncomingMessage): string {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? ''
}
