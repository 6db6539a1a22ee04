import { formatDuration } from '@launchtail/client/protocol'
import type { EngineLoad } from './engine-load.js'

/** Since when a node serves nobody, as it is stored. Times are in milliseconds since 1970. */
export interface Idleness {
  readonly since: number
  /** When it was last looked at. */
  readonly seenAt: number
  readonly served?: number | undefined
  /** True once the log says that the node will be taken down. */
  readonly isTold?: boolean
}

/** The longest pause between two looks in which nothing is missed that an engine does not count. */
const BLIND = 2 * 60_000
/** How long before its end a node's log says so, where the time-out is twice as long at least. */
const NOTICE = 10 * 60_000

/** After one more look at the engine. What is not known counts as use. */
export function afterLook(
  before: Idleness | undefined,
  { requests, served }: EngineLoad,
  now: number,
): Idleness {
  const busy = { since: now, seenAt: now, served }
  if (!before || requests > 0 || served !== before.served) return busy
  if (served === undefined && now - before.seenAt > BLIND) return busy
  return { ...before, seenAt: now }
}

export type IdleState = 'under way' | 'ending' | 'over'

/** Where an idle node is in its time-out. */
export function idleStateAt(now: number, { since }: Idleness, timeout: number): IdleState {
  const left = since + timeout - now
  if (left <= 0) return 'over'
  return left <= Math.min(NOTICE, timeout / 2) ? 'ending' : 'under way'
}

export function idleNotice(now: number, { since }: Idleness, timeout: number) {
  const left = formatDuration(since + timeout - now, { parts: 2, decimals: 0 })
  return {
    level: 'warn' as const,
    phase: 'active' as const,
    message: `The node will be taken down in ${left} unless it is used: its idle_timeout is ${formatDuration(timeout)}`,
    details: `ends_at: ${new Date(since + timeout).toISOString()}`,
  }
}

/** Said once of a node that is never idle, because nothing tells whether it is. */
export function idleUnknown(timeout: number, why: string) {
  return {
    level: 'warn' as const,
    phase: 'active' as const,
    message: `The idle_timeout of ${formatDuration(timeout)} has no effect: ${why}`,
  }
}

export function idleEnd(timeout: number) {
  return {
    level: 'warn' as const,
    phase: 'active' as const,
    message: `The node has served nobody for its idle_timeout of ${formatDuration(timeout)}; it is taken down`,
  }
}
