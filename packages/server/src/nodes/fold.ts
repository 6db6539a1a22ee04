import {
  beginsLaunch,
  type Failure,
  foldLaunch,
  type LaunchState,
  type LogEntry,
  type PhaseTiming,
  shorten,
} from '@launchtail/client/protocol'
import type { NodesTable } from '../database/schema.js'
import { attemptOpenedBy } from '../logs/attempt-entries.js'
import { type OverBudget, overBudgetIn } from '../logs/budget-entry.js'
import { causeNamedIn } from '../logs/end-entries.js'
import { type Health, healthIn } from '../logs/health-entry.js'
import { foldEnd, type LaunchEnd } from '../logs/launch-end.js'
import { type SmokeResult, smokeIn } from '../logs/smoke-entry.js'
import { conclude } from '../output/causes/conclude.js'
import { causeOf } from '../output/causes/index.js'
import { type Clues, NO_CLUES, observe } from '../output/causes/tracker.js'
import { attemptsAfter, attemptsOver, type FoldedAttempt } from './attempts.js'
import type { Correction } from './correction.js'
import { eventsOf, withEvents } from './launch-events/events-of.js'
import type { LaunchEvent } from './launch-events/launch-event.js'
import { type Finished, finishedBy, timings, withNewest } from './phase-timings.js'
import { isStallNotice } from './stall.js'

export type { Finished } from './phase-timings.js'

/** The part of a node's record that comes from its list. */
export interface Folded extends LaunchState {
  status: NodesTable['status']
  message: string
  endpoint: string | undefined
  /** False if only the node's cluster reaches the endpoint. */
  reachable: boolean | undefined
  failure: Failure | undefined
  /** Whether an active node's server answers; undefined where nothing has changed that. */
  health: Health | undefined
  /** What its smoke test found. */
  smoke: SmokeResult | undefined
  /** The last day whose budget was exceeded while it was there. */
  overBudget: OverBudget | undefined
  /** The attempts of a launch that was started more than once. */
  attempts: readonly FoldedAttempt[]
  /** What a person says of that failure. */
  correction: Correction | undefined
  /** The evidence so far for why the launch may fail. */
  clues: Clues
  /** True if the newest entry says that the launch stalls. */
  stalled: boolean
  /** When that entry was written. */
  stalled_at: string | undefined
  ended_at: string | undefined
  phases: PhaseTiming[]
  /** The phases that the launch has completed since the record was read. */
  finished: Finished[]
  /** The events since the record was read. */
  events: readonly LaunchEvent[]
  /** Where in the list the launches began that have begun since the record was read. */
  begun: number[]
}

export const UNFOLDED: Folded = {
  status: 'launching',
  phase: 'queued',
  progress: 0,
  message: '',
  endpoint: undefined,
  reachable: undefined,
  health: undefined,
  smoke: undefined,
  overBudget: undefined,
  failure: undefined,
  attempts: [],
  correction: undefined,
  clues: NO_CLUES,
  stalled: false,
  stalled_at: undefined,
  ended_at: undefined,
  phases: [],
  finished: [],
  events: [],
  begun: [],
}

/**
 * The record after one more entry, whose place in the list is `index`. Times are those of the
 * entries, so a record that is rebuilt from the list is the same record.
 */
export function fold(record: Folded, entry: LogEntry, index: number): Folded {
  const fresh = beginsLaunch(record.phase, entry.phase)
  const before = fresh ? UNFOLDED : record
  const end = foldEnd(endOf(before), entry)
  const status = end?.status ?? 'launching'
  const { phase, progress } = foldLaunch(record, entry)
  const over = entry.phase === 'failed'
  const phases = timings(before.phases, entry)
  const failure =
    status === 'failed' ? (before.failure ?? failureOf(before, entry, index)) : undefined
  const attempts = attemptsAfter(before, entry, index)
  const stalled = !end && isStallNotice(entry)
  const after: Folded = {
    phase,
    progress,
    status,
    message: end?.message ?? entry.message,
    endpoint: end?.endpoint,
    reachable: reachableAfter(before, end, entry),
    health: status === 'active' ? (healthIn(entry) ?? before.health) : undefined,
    smoke: smokeIn(entry) ?? before.smoke,
    overBudget: overBudgetIn(entry) ?? before.overBudget,
    failure,
    attempts: over ? attemptsOver(attempts, endedAt(before, status, entry), failure) : attempts,
    correction: failure && before.correction,
    clues: over || isNextAttempt(entry) ? { phase, progress } : observe(before.clues, entry, index),
    stalled,
    stalled_at: stalled ? entry.timestamp : undefined,
    ended_at: end ? endedAt(before, status, entry) : undefined,
    phases,
    finished: finishedBy(record.finished, before.phases, phases),
    events: record.events,
    begun: fresh ? withNewest(record.begun, index) : record.begun,
  }
  const lost = isPreempted(record, entry, failure) ? record : undefined
  const events = eventsOf({ before, after, entry, index, lost })
  return events.length > 0 ? { ...after, events: withEvents(record.events, events) } : after
}

/** What an attempt failed of says nothing about the next. */
function isNextAttempt(entry: LogEntry): boolean {
  return attemptOpenedBy(entry)?.code !== undefined
}

function isPreempted(record: Folded, entry: LogEntry, failure: Failure | undefined): boolean {
  if (record.status !== 'active') return false
  return failure?.code === 'preempted' || attemptOpenedBy(entry)?.isPreempted === true
}

/** What the entry that names the endpoint says of it. */
function reachableAfter(
  before: Folded,
  end: LaunchEnd | undefined,
  { details = '' }: LogEntry,
): boolean | undefined {
  if (end?.endpoint === undefined) return undefined
  if (before.endpoint === end.endpoint) return before.reachable
  const said = REACHABLE.exec(details)?.[1]
  return said === undefined ? undefined : said === 'true'
}

const REACHABLE = /^reachable: (true|false)$/m

/** A node that was active ends again when it fails or is terminated. */
function endedAt(before: Folded, status: Folded['status'], { timestamp }: LogEntry): string {
  const since = before.status === status ? before.ended_at : undefined
  return since ?? timestamp
}

/** How the launch has ended, as far as the record goes. */
function endOf({ ended_at, phase, status, endpoint, message }: Folded): LaunchEnd | undefined {
  return ended_at === undefined ? undefined : { phase, status, endpoint, message }
}

/** The message is the line that shows the cause; the last entry's own message is in the details. */
function failureOf({ phase, clues }: Folded, entry: LogEntry, index: number): Failure {
  const named = causeNamedIn(entry.details)
  if (named.code !== undefined) return namedFailure(named.code, phase, entry, named.rest, index)
  const { cause, advice, message: whole, evidence } = conclude(clues, { ...entry, index })
  const message = shorten(whole)
  const said = message === entry.message.trim() ? undefined : entry.message
  const details = [said, entry.details].filter((text) => text !== undefined).join('\n')
  return {
    code: cause.code,
    phase,
    message,
    advice,
    ...(details !== '' && { details }),
    ...(evidence.length > 0 && { evidence: [...evidence] }),
  }
}

/** The failure where whoever ended the launch says why: the log has no say then. */
function namedFailure(
  name: string,
  phase: Failure['phase'],
  { message: whole }: LogEntry,
  details: string | undefined,
  index: number,
): Failure {
  const { code, advice } = causeOf(name)
  const message = shorten(whole)
  return {
    code,
    phase,
    message,
    advice,
    ...(details !== undefined && { details }),
    evidence: [{ index, message }],
  }
}
