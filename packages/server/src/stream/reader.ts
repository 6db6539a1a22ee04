import type { ServerResponse } from 'node:http'
import type { Cursor, GapReason, Instant, Phase } from '@launchtail/client/protocol'
import type { LogFilter } from '../find/log-filter.js'
import type { Ending } from './ending.js'
import type { Format } from './formats.js'
import type { StreamReader } from './readers.js'

/** The plan of what a reader of a log is sent. */
export interface ReaderPlan {
  format: Format
  filter: LogFilter | undefined
  /** The index of the first entry that was looked at. Default: of the one after `from`. */
  lookedFrom?: number
  /** The node's phase by its record, for a list that does not tell one. */
  phase: Phase
  /** The reader has seen everything up to here, and gets everything after it, once. */
  from: Cursor
  /** Entries before this index are passed over: they are of earlier launches. Default 0. */
  lowest?: number
  /** Entries before `until` are passed over unless they are later than `since`. */
  history?: { since: Instant; until: number }
  /** It came with a last event id. */
  resumed?: boolean
  /** Why it is told of a gap in `first`. */
  gap?: GapReason
  /** Sent before the first entry. */
  first?: string
  /** Default: it follows, and the launch is not known to be over. */
  ending?: Ending
  /** Milliseconds the client is told to wait before it connects again. */
  retry: number
}

export interface ReaderOptions extends ReaderPlan {
  response: ServerResponse
}

/** Readers that are sent the same bytes: one format, one filter, one framing. */
export interface View {
  readonly number: number
  readonly format: Format
  readonly filter: LogFilter | undefined
  readonly chunked: boolean
}

export interface Reader extends StreamReader {
  readonly options: ReaderOptions
  readonly view: View
  /** At the tip: it has been sent everything, and gets new entries as they come. */
  live: boolean
  /** The last event it has been sent, while it is not live. */
  cursor: Cursor
  /** As in its plan, while the list is the one that was planned for. */
  lowest: number
  catchingUp: boolean
}

/** A reader that has been sent nothing yet. */
export function logReader(life: StreamReader, options: ReaderOptions, views: Views): Reader {
  const { from, lowest = 0 } = options
  const { outlet, ended, beatAt, endAt } = life
  const view = views.take(options, outlet.chunked)
  // Field by field: objects that are made by spreading another differ in shape for V8, and each
  // reader is looked at in each flush.
  return {
    outlet,
    ended,
    beatAt,
    endAt,
    options,
    view,
    live: false,
    cursor: from,
    lowest,
    catchingUp: false,
  }
}

/** The views of those who read now. */
export interface Views {
  /** The view of another reader of the same, or a new one. */
  take(options: Pick<ReaderOptions, 'format' | 'filter'>, chunked: boolean): View
  /** The reader has gone. */
  leave(view: View): void
}

export function createViews(): Views {
  const views = new Map<string, { readonly view: View; readers: number }>()
  /** Numbers are small, because each flush has a list by them. */
  const free: number[] = []
  return { take, leave }

  function take(
    { format, filter }: Pick<ReaderOptions, 'format' | 'filter'>,
    chunked: boolean,
  ): View {
    const key = keyOf(format, filter, chunked)
    let known = views.get(key)
    if (!known) {
      known = { view: { number: free.pop() ?? views.size, format, filter, chunked }, readers: 0 }
      views.set(key, known)
    } else if (filter !== known.view.filter) filter?.close()
    known.readers += 1
    return known.view
  }

  function leave({ number, format, filter, chunked }: View): void {
    const key = keyOf(format, filter, chunked)
    const known = views.get(key)
    if (!known) return
    known.readers -= 1
    if (known.readers > 0) return
    views.delete(key)
    free.push(number)
    filter?.close()
  }
}

function keyOf(format: Format, filter: LogFilter | undefined, chunked: boolean): string {
  return JSON.stringify([format.name, filter?.key, chunked])
}
