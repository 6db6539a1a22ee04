import { isTerminal, type LogEntry, type PhaseTiming } from '@launchtail/client/protocol'
import type { NodesTable } from '../database/schema.js'
import { beginsLaunch, foldLaunch, type LaunchState } from '../logs/appender.js'
import { endpointOf, statusOf } from '../logs/entry-text.js'

/** What a node's record takes from its list, and nothing else. */
export interface Folded extends LaunchState {
  status: NodesTable['status']
  message: string
  endpoint: string | undefined
  failure: { phase: LaunchState['phase']; message: string; details?: string } | undefined
  ended_at: string | undefined
  phases: PhaseTiming[]
}

export const UNFOLDED: Folded = {
  status: 'launching',
  phase: 'queued',
  progress: 0,
  message: '',
  endpoint: undefined,
  failure: undefined,
  ended_at: undefined,
  phases: [],
}

/**
 * The record after one more entry. Times are the entries' own, so a record that is made again from
 * the list is the same record.
 */
export function fold(record: Folded, entry: LogEntry): Folded {
  const fresh = beginsLaunch(record.phase, entry.phase)
  const before = fresh ? UNFOLDED : record
  const ends = isTerminal(entry.phase)
  const status = statusOf(entry)
  return {
    ...foldLaunch(record, entry),
    status,
    message: entry.message,
    // A node that has failed or was taken down is reached no more.
    endpoint: entry.phase === 'failed' ? undefined : (endpointOf(entry) ?? before.endpoint),
    failure: status === 'failed' ? (before.failure ?? failureOf(before, entry)) : undefined,
    ended_at: ends ? (before.ended_at ?? entry.timestamp) : undefined,
    phases: timings(before.phases, entry),
  }
}

function failureOf({ phase }: Folded, { message, details }: LogEntry): Folded['failure'] {
  return { phase, message, ...(details !== undefined && { details }) }
}

function timings(phases: PhaseTiming[], { phase, timestamp }: LogEntry): PhaseTiming[] {
  const current = phases.at(-1)
  if (current?.phase === phase) return phases
  const begun: PhaseTiming = { phase, started_at: timestamp }
  if (!current) return [begun]
  const duration = Date.parse(timestamp) - Date.parse(current.started_at)
  const ended = { ...current, ended_at: timestamp, duration_ms: Math.max(0, duration) }
  return [...phases.slice(0, -1), ended, begun]
}
