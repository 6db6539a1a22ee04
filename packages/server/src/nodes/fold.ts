import {
  beginsLaunch,
  type Failure,
  foldLaunch,
  isTerminal,
  type LaunchState,
  type LogEntry,
  type PastLaunch,
  type Phase,
  type PhaseTiming,
  phaseOrder,
} from '@launchtail/client/protocol'
import type { NodesTable } from '../database/schema.js'
import { endpointOf, statusOf } from '../logs/entry-text.js'
import { type Clues, conclude, NO_CLUES, observe } from '../output/causes/tracker.js'
import { isStallNotice } from './stall.js'

/** What a node's record takes from its list, and nothing else. */
export interface Folded extends LaunchState {
  status: NodesTable['status']
  message: string
  endpoint: string | undefined
  failure: Failure | undefined
  /** Why the launch may fail, as its entries have told. */
  clues: Clues
  /** The newest entry says that nothing has come for too long. */
  stalled: boolean
  ended_at: string | undefined
  phases: PhaseTiming[]
  /** The phases the launch has gone on from since the record was read. */
  finished: Finished[]
  /** The launches that have come to their end since the record was read. */
  ended: Ended[]
}

export interface Finished {
  phase: Phase
  ended_at: string
  duration_ms: number
}

/** A launch that is over: active, failed, or terminated before it was either. */
export interface Ended extends Pick<PastLaunch, 'outcome' | 'code' | 'phases'> {
  started_at: string
  ended_at: string
}

export const UNFOLDED: Folded = {
  status: 'launching',
  phase: 'queued',
  progress: 0,
  message: '',
  endpoint: undefined,
  failure: undefined,
  clues: NO_CLUES,
  stalled: false,
  ended_at: undefined,
  phases: [],
  finished: [],
  ended: [],
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
  const { phase, progress } = foldLaunch(record, entry)
  const over = entry.phase === 'failed'
  const phases = timings(before.phases, entry)
  const failure = status === 'failed' ? (before.failure ?? failureOf(before, entry)) : undefined
  const comesToItsEnd = ends && before.ended_at === undefined
  return {
    phase,
    progress,
    status,
    message: entry.message,
    // A node that has failed or was taken down is reached no more.
    endpoint: over ? undefined : (endpointOf(entry) ?? before.endpoint),
    failure,
    clues: over ? { phase, progress } : observe(before.clues, entry),
    stalled: !ends && isStallNotice(entry),
    ended_at: ends ? (before.ended_at ?? entry.timestamp) : undefined,
    phases,
    finished: finishedBy(record.finished, before.phases, phases),
    ended: comesToItsEnd ? [...record.ended, endedBy(entry, phases, failure)] : record.ended,
  }
}

/** What becomes of the node after this is not the launch's any more. */
function endedBy(entry: LogEntry, phases: PhaseTiming[], failure: Failure | undefined): Ended {
  const status = statusOf(entry)
  return {
    outcome: status === 'failed' || status === 'terminated' ? status : 'succeeded',
    ...(failure && { code: failure.code }),
    started_at: phases[0]?.started_at ?? entry.timestamp,
    ended_at: entry.timestamp,
    phases: phases.flatMap(({ phase, duration_ms }) =>
      duration_ms === undefined ? [] : [{ phase, duration_ms }],
    ),
  }
}

/** The cause's own line is the message; what the last entry said besides is in the details. */
function failureOf({ phase, clues }: Folded, entry: LogEntry): Failure {
  const { cause, message } = conclude(clues, entry)
  const said = message === entry.message.trim() ? undefined : entry.message
  const details = [said, entry.details].filter((text) => text !== undefined).join('\n')
  const { code, advice } = cause
  return { code, phase, message, advice, ...(details !== '' && { details }) }
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

/** With the phase that ended as the launch went on; how long one took that failed says nothing. */
function finishedBy(known: Finished[], before: PhaseTiming[], after: PhaseTiming[]): Finished[] {
  if (before === after) return known
  const next = after.at(-1)
  const ended = after.at(-2)
  if (before.length === after.length || !next || !ended) return known
  const { phase, ended_at, duration_ms } = ended
  const wentOn = next.phase !== 'failed' && phaseOrder(next.phase) > phaseOrder(phase)
  if (!wentOn || !ended_at || duration_ms === undefined) return known
  return [...known, { phase, ended_at, duration_ms }]
}
