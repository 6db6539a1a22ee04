import {
  type Cursor,
  type DoneEvent,
  formatCursor,
  isTerminal,
  type NodeRecord,
  type Phase,
  parseCursor,
  START,
  type StreamQuery,
} from '@launchtail/client/protocol'
import type { LogFilter } from '../find/log-filter.js'
import { oneLine } from '../logs/entry-text.js'
import type { Ending } from './ending.js'
import type { Feed } from './feed/feed.js'
import type { Format } from './formats.js'
import { unknownIdFrame } from './gap.js'
import { retryOf } from './lifetime.js'
import type { ReaderPlan } from './reader.js'
import { startOf } from './start.js'

export interface StreamRequest {
  query: StreamQuery
  /** By `level` and `q`; undefined where neither is given. */
  filter: LogFilter | undefined
  format: Format
  /** The last event id as the reader sent it; empty for none. */
  lastEventId: string
}

export interface PlanOptions {
  feed: Feed
  record: NodeRecord
  /** The node's record with all entries up to this length of its list. */
  recordAt: (length: number) => Promise<NodeRecord | undefined>
  /** The index of the first entry that is sent: that of a launch. Default 0. */
  lowest?: number
  /** For a launch whose node has been launched since: the `done`, if its log does not show it. */
  past?: DoneEvent | undefined
  random?: () => number
}

/** Plans what a reader is sent; undefined if it has seen the end of the stream. */
export async function planReader(
  { query, filter, format, lastEventId }: StreamRequest,
  { feed, record, recordAt, lowest = 0, past, random = Math.random }: PlanOptions,
): Promise<ReaderPlan | undefined> {
  const { phase } = record
  const ending = past ? pastEnding(past, query.follow) : endingFor(record, query.follow)
  if (lastEventId !== '') {
    return planResume({ filter, format, lastEventId }, { feed, phase, ending, lowest, random })
  }
  const { since, tail } = query
  const from = await startOf(feed, query, filter, lowest)
  const history = since && { since, until: feed.length() }
  // The record may lack entries that other programs wrote a moment ago. A past launch has no state of now.
  const state = tail === 0 && !past ? await recordAt(from.index + 1) : undefined
  return {
    ...{ format, filter, phase, ending, from, lowest },
    // All of the list was looked at where nothing in it was found.
    ...(tail > 0 && from.index === feed.tip().index && { lookedFrom: lowest }),
    retry: retryOf(random),
    ...(history && { history }),
    ...(state && { first: stateFrame(state, format, from) }),
  }
}

export interface ResumeOptions extends Pick<PlanOptions, 'feed' | 'lowest' | 'random'> {
  /** The node's phase by its record. */
  phase: Phase
  ending: Ending
}

/** The same for a reader that comes with a last event id. */
export function planResume(
  { filter, format, lastEventId }: Omit<StreamRequest, 'query'>,
  { feed, phase, ending, lowest = 0, random = Math.random }: ResumeOptions,
): ReaderPlan | undefined {
  const from = parseCursor(lastEventId)
  const plan = { format, filter, phase, ending, lowest, retry: retryOf(random), resumed: true }
  if (!from) {
    return { ...plan, from: START, gap: 'unknown', first: unknownIdFrame(format, lastEventId) }
  }
  return isFinished(from, feed, ending) ? undefined : { ...plan, from }
}

/** The record gives the `done` where the list does not show it, or is not read to the end. */
function endingFor(record: NodeRecord, follow: boolean): Ending {
  const { status, endpoint, message, ended_at } = record
  const recorded: DoneEvent = { status, ...(endpoint !== undefined && { endpoint }), message }
  if (!follow) return { follow, recorded }
  return { follow, ...(ended_at !== undefined && { recorded }) }
}

function pastEnding(recorded: DoneEvent, follow: boolean): Ending {
  return follow ? { follow, isPast: true, recorded } : { follow, recorded }
}

/** True if the cursor is that of a `done` after which nothing has come: no event is left to send. */
function isFinished({ index, check, event }: Cursor, feed: Feed, ending: Ending): boolean {
  if (event !== 'done') return false
  const newest = feed.newest()
  if (!newest) return index < 0 && ending.recorded !== undefined
  if (newest.index !== index || newest.check !== check) return false
  if (!ending.follow || ending.isPast) return true
  return newest.entry !== undefined && isTerminal(newest.entry.phase)
}

/** The state of now, for a reader that wants no history. */
function stateFrame(record: NodeRecord, format: Format, from: Cursor): string {
  const { phase, progress, message, phases } = record
  if (phases.length === 0) return ''
  return format.event('status', oneLine({ phase, progress, message }), formatCursor(from))
}
