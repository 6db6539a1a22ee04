import { timingSafeEqual } from 'node:crypto'
import type { Token } from '@launchtail/client/protocol'
import { nodeLimits, type Principal } from './principal.js'
import type { StoredToken } from './token-rows.js'

/** The tokens in memory. */
export interface KeptTokens {
  readonly ids: () => string[]
  readonly size: () => number
  /** True if there are some of launches. */
  readonly hasOfLaunches: () => boolean
  keep(token: StoredToken): void
  /** The token has ended. */
  drop(tokenId: string): void
  /** Whoever has the token of this digest, unless it has expired. */
  principalOf(digest: Buffer): Principal | undefined
  /** True while the token is there and has not expired. */
  isGood(tokenId: string): boolean
  /** The tokens as the API shows them, newest first, without those of launches. */
  shown(): Token[]
  /** Looks for tokens that have expired since the last look. */
  expire(): void
}

export interface KeptTokensOptions {
  now: () => number
  /** Called with the id of each token that ends. */
  onEnd: (tokenId: string) => void
}

interface Kept {
  readonly token: StoredToken
  readonly digest: Buffer
  readonly principal: Principal
  /** True once its end was told. */
  isOver: boolean
}

export function createKeptTokens({ now, onEnd }: KeptTokensOptions): KeptTokens {
  const byId = new Map<string, Kept>()
  const byDigest = new Map<string, Kept>()
  let ofLaunches = 0
  return {
    ids: () => [...byId.keys()],
    size: () => byId.size - ofLaunches,
    hasOfLaunches: () => ofLaunches > 0,
    keep,
    drop,
    principalOf(digest) {
      const kept = byDigest.get(keyOf(digest))
      if (!kept || !timingSafeEqual(kept.digest, digest) || hasExpired(kept.token)) return undefined
      return kept.principal
    },
    isGood(tokenId) {
      const kept = byId.get(tokenId)
      return kept !== undefined && !hasExpired(kept.token)
    },
    shown: () =>
      [...byId.values()]
        .map(({ token }) => token)
        .filter(({ launchId }) => launchId === undefined)
        .sort((a, b) => b.createdAt - a.createdAt)
        .map((token) => shownOf(token, hasExpired(token))),
    expire,
  }

  /** Nothing of a token ever changes. */
  function keep(token: StoredToken): void {
    if (byId.has(token.tokenId)) return
    const digest = Buffer.from(token.digest, 'hex')
    const kept: Kept = { token, digest, principal: principalFor(token), isOver: false }
    byId.set(token.tokenId, kept)
    byDigest.set(keyOf(digest), kept)
    if (token.launchId !== undefined) ofLaunches += 1
  }

  function drop(tokenId: string): void {
    const kept = byId.get(tokenId)
    if (!kept) return
    byId.delete(tokenId)
    byDigest.delete(keyOf(kept.digest))
    if (kept.token.launchId !== undefined) ofLaunches -= 1
    if (!kept.isOver) onEnd(tokenId)
  }

  function expire(): void {
    for (const kept of byId.values()) {
      if (kept.isOver || !hasExpired(kept.token)) continue
      kept.isOver = true
      onEnd(kept.token.tokenId)
    }
  }

  function hasExpired({ expiresAt }: StoredToken): boolean {
    return expiresAt !== undefined && expiresAt <= now()
  }
}

function keyOf(digest: Buffer): string {
  return digest.toString('latin1')
}

function principalFor(token: StoredToken): Principal {
  const { tokenId, name, scopes } = token
  const nodes = nodeLimits(token)
  return {
    id: tokenId,
    name,
    scopes: new Set(scopes),
    ...(nodes && { nodes }),
    isRevocable: true,
  }
}

/** A token as the API shows it. */
export function shownOf(token: StoredToken, expired: boolean): Token {
  const { tokenId, hint, name, scopes, nodes, owner, labels } = token
  const { createdAt, createdBy, expiresAt } = token
  return {
    token_id: tokenId,
    name,
    scopes: [...scopes],
    ...(nodes && { nodes: [...nodes] }),
    ...(owner !== undefined && { owner }),
    ...(labels && { labels }),
    hint,
    created_at: new Date(createdAt).toISOString(),
    created_by: createdBy,
    ...(expiresAt !== undefined && { expires_at: new Date(expiresAt).toISOString() }),
    expired,
  }
}
