import type { Failure, LogEntry, NodeStatus, PhaseTiming } from '@launchtail/client/protocol'
import type { OverBudget } from '../../logs/budget-entry.js'
import type { Health } from '../../logs/health-entry.js'
import { endedBy } from '../ends/ended.js'
import { readStallNotice } from '../stall.js'
import type { LaunchEvent } from './launch-event.js'

/** The parts of a record that events are read from. */
interface State {
  readonly status: NodeStatus
  readonly message: string
  readonly endpoint: string | undefined
  readonly failure: Failure | undefined
  readonly ended_at: string | undefined
  readonly phases: PhaseTiming[]
  readonly stalled_at: string | undefined
  readonly health: Health | undefined
  readonly overBudget: OverBudget | undefined
}

export interface Step {
  /** The record before the entry. It is empty if the entry begins a new launch. */
  readonly before: State
  readonly after: State
  readonly entry: LogEntry
  readonly index: number
  /** The record before, if the entry says that an active node has lost its spot instance. */
  readonly lost: State | undefined
}

const NONE: readonly LaunchEvent[] = []

/** Returns the events that an entry causes. Most entries cause none. */
export function eventsOf(step: Step): readonly LaunchEvent[] {
  const { before, after, entry, index, lost } = step
  const isSame = after.phases === before.phases && after.status === before.status
  const isSilent = before.stalled_at !== undefined || after.stalled_at !== undefined
  const isWell = after.health?.ok === before.health?.ok
  const isSameBudget = after.overBudget === before.overBudget
  if (isSame && !isSilent && !lost && isWell && isSameBudget) return NONE
  const { timestamp: at } = entry
  const place = { index, at, started_at: after.phases[0]?.started_at ?? at }
  const events: LaunchEvent[] = []
  if (lost) {
    const started_at = lost.phases[0]?.started_at ?? at
    events.push({ index, at, started_at, kind: 'preempted', after_ms: between(lost.ended_at, at) })
  }
  if (before.phases.length === 0) events.push({ ...place, kind: 'started' })
  const left = before.phases.at(-1)
  if (left && left.phase !== entry.phase) {
    const took_ms = between(left.started_at, at)
    events.push({ ...place, kind: 'phase', from: left.phase, to: entry.phase, took_ms })
  }
  if (!lost && after.ended_at !== undefined && after.status !== before.status) {
    const { message, endpoint, phases, failure } = after
    const ended = endedBy(entry, phases, failure)
    const again = before.ended_at !== undefined
    events.push({ ...place, kind: 'ended', again, message, endpoint, ended })
  }
  if (after.overBudget && !isSameBudget) {
    events.push({ ...place, kind: 'over_budget', ...after.overBudget })
  }
  return [...events, ...silence(step, place), ...health(step, place)]
}

function silence(
  { before, after, entry }: Pick<Step, 'before' | 'after' | 'entry'>,
  place: Pick<LaunchEvent, 'index' | 'at' | 'started_at'>,
): readonly LaunchEvent[] {
  const { phase, message, timestamp } = entry
  const notice = after.stalled_at === undefined ? undefined : readStallNotice(message)
  if (notice) return [{ ...place, kind: 'stalled', phase, ...notice }]
  if (before.stalled_at === undefined || after.ended_at !== undefined) return NONE
  const silent = readStallNotice(before.message)?.silent_for_ms ?? 0
  const stalled_for_ms = silent + between(before.stalled_at, timestamp)
  return [{ ...place, kind: 'recovered', phase, stalled_for_ms }]
}

function health(
  { before, after, entry: { message, timestamp } }: Pick<Step, 'before' | 'after' | 'entry'>,
  place: Pick<LaunchEvent, 'index' | 'at' | 'started_at'>,
): readonly LaunchEvent[] {
  if (after.health === undefined || after.health.ok === (before.health?.ok ?? true)) return NONE
  const { ok, since } = after.health
  if (!ok) return [{ ...place, kind: 'unhealthy', reason: message, since }]
  const unhealthy_for_ms = between(before.health?.since, timestamp)
  return [{ ...place, kind: 'healthy', unhealthy_for_ms }]
}

function between(from: string | undefined, to: string): number {
  return from === undefined ? 0 : Math.max(0, Date.parse(to) - Date.parse(from))
}

/** The most events that are kept between two saves, because a launch may alternate between phases. */
const MOST = 500

/** Adds events. If there are too many, phase changes are dropped first. */
export function withEvents(
  known: readonly LaunchEvent[],
  more: readonly LaunchEvent[],
): readonly LaunchEvent[] {
  if (more.length === 0) return known
  const all = [...known, ...more]
  if (all.length <= MOST) return all
  const others = all.filter(({ kind }) => kind !== 'phase')
  return others.length > MOST / 2 ? others.slice(-MOST / 2) : [...others, ...more.filter(isPhase)]
}

function isPhase({ kind }: LaunchEvent): boolean {
  return kind === 'phase'
}
