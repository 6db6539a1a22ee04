import { HttpError } from '../../errors.js'
import type { Principal } from '../../rights/principal.js'

/** How much each token may do in a second. */
export interface RateLimit {
  /** Throws 429 if the token has done as much as it may. */
  check(principal: Pick<Principal, 'id'> | undefined): void
  /** False where `check` would throw. */
  hasRoom(principal: Pick<Principal, 'id'> | undefined): boolean
  /** Counts what the token has done; more than is left is paid back before it may do more. */
  spend(principal: Pick<Principal, 'id'> | undefined, count?: number): void
}

export interface RateLimitOptions {
  /** Its name: what is counted, in the plural. */
  readonly limit: string
  /** 0 is any number. */
  readonly perSecond: number
  readonly onLimited: (limit: string) => void
  readonly now?: () => number
}

const NONE: RateLimit = { check() {}, hasRoom: () => true, spend() {} }

/** A second's worth may be done at once. */
export function createRateLimit(options: RateLimitOptions): RateLimit {
  const { limit, perSecond, onLimited, now = () => performance.now() } = options
  if (perSecond === 0) return NONE
  /** What is left of each token's second, as it was at a time. There are as many as tokens. */
  const buckets = new Map<string, { left: number; at: number }>()
  return { check, hasRoom: (principal) => leftOf(principal) >= 1, spend }

  function check(principal: Pick<Principal, 'id'> | undefined): void {
    const left = leftOf(principal)
    if (left >= 1) return
    onLimited(limit)
    const wait = Math.max(1, Math.ceil((1 - left) / perSecond))
    throw new HttpError(
      429,
      `this token is limited to ${perSecond} ${limit} a second: try again later`,
      {
        headers: { 'Retry-After': String(wait) },
      },
    )
  }

  function spend(principal: Pick<Principal, 'id'> | undefined, count = 1): void {
    buckets.set(keyOf(principal), { left: leftOf(principal) - count, at: now() })
  }

  function leftOf(principal: Pick<Principal, 'id'> | undefined): number {
    const bucket = buckets.get(keyOf(principal))
    if (!bucket) return perSecond
    return Math.min(perSecond, bucket.left + ((now() - bucket.at) / 1000) * perSecond)
  }
}

function keyOf(principal: Pick<Principal, 'id'> | undefined): string {
  return principal?.id ?? ''
}
