import type { NodeRecord, Phase } from '@launchtail/client/protocol'
import { ENOUGH, type Past, percentile } from '../nodes/past.js'
import { launchOf } from './event-message.js'
import type { LaunchMessage } from './message.js'

/** A phase is slow once it has taken this many times its 95th percentile. */
const FACTOR = 2

export interface SlowOptions {
  readonly phase: Phase
  readonly past: Past
  /** Milliseconds since 1970. */
  readonly now: number
}

/** The message about a slow launch; undefined if it is not slow. */
export function slowMessage(
  record: NodeRecord,
  { phase, past, now }: SlowOptions,
): LaunchMessage | undefined {
  const current = record.phases.at(-1)
  const durations = past.map((group) => group[phase] ?? []).find(({ length }) => length >= ENOUGH)
  if (!durations || current?.phase !== phase) return undefined
  const p95_ms = percentile(durations, 95)
  const so_far_ms = now - Date.parse(current.started_at)
  if (!(so_far_ms > FACTOR * p95_ms)) return undefined
  return {
    type: 'launch.slow',
    timestamp: new Date(now).toISOString(),
    data: { launch: launchOf(record), phase, so_far_ms, p95_ms },
  }
}
