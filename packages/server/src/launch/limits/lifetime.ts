import { formatDuration } from '@launchtail/client/protocol'

/** How long before its end a node's log says that it will be taken down, in milliseconds. */
const NOTICE = 10 * 60_000

export type Lifetime =
  | { readonly is: 'under way' }
  | { readonly is: 'ending'; readonly endsAt: Date; readonly left: number }
  | { readonly is: 'over' }

/** Where a node is in its lifetime that has been active since then. All in milliseconds. */
export function lifetimeAt(now: number, since: number, maxLifetime: number): Lifetime {
  const endsAt = since + maxLifetime
  if (now >= endsAt) return { is: 'over' }
  if (now < endsAt - NOTICE) return { is: 'under way' }
  return { is: 'ending', endsAt: new Date(endsAt), left: endsAt - now }
}

export function noticeEntry({ endsAt, left }: Lifetime & { is: 'ending' }, maxLifetime: number) {
  const time = formatDuration(left, { parts: 2, decimals: 0 })
  return {
    level: 'warn' as const,
    phase: 'active' as const,
    message: `The node will be taken down in ${time}: its max_lifetime is ${formatDuration(maxLifetime)}`,
    details: `ends_at: ${endsAt.toISOString()}`,
  }
}

export function overEntry(maxLifetime: number) {
  return {
    level: 'warn' as const,
    phase: 'active' as const,
    message: `The node has been active for its max_lifetime of ${formatDuration(maxLifetime)}; it is taken down`,
  }
}
