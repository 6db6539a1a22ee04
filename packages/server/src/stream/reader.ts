import type { ServerResponse } from 'node:http'
import type { Cursor, Instant, Phase } from '@launchtail/client/protocol'
import type { Ending } from './ending.js'
import type { Format } from './formats.js'
import type { LevelFilter } from './frames.js'
import type { StreamReader } from './readers.js'

/** The plan of what a reader of a log is sent. */
export interface ReaderPlan {
  format: Format
  levels: LevelFilter
  /** The node's phase by its record, for a list that does not tell one. */
  phase: Phase
  /** The reader has seen everything up to here, and gets everything after it, once. */
  from: Cursor
  /** Entries before `until` are passed over unless they are later than `since`. */
  history?: { since: Instant; until: number }
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
  readonly levels: LevelFilter
  readonly chunked: boolean
}

export interface Reader extends StreamReader {
  readonly options: ReaderOptions
  readonly view: View
  /** At the tip: it has been sent everything, and gets new entries as they come. */
  live: boolean
  /** The last event it has been sent, while it is not live. */
  cursor: Cursor
  catchingUp: boolean
}

/** A reader that has been sent nothing yet. */
export function logReader(life: StreamReader, options: ReaderOptions, viewOf: ViewOf): Reader {
  const { format, levels, from } = options
  const { outlet, ended, beatAt, endAt } = life
  const view = viewOf(format, levels, outlet.chunked)
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
    catchingUp: false,
  }
}

type ViewOf = (format: Format, levels: LevelFilter, chunked: boolean) => View

/** The views there are, each made when its first reader comes. */
export function createViews(): ViewOf {
  const views = new Map<string, View>()
  return (format, levels, chunked) => {
    const key = JSON.stringify([format.name, levels && [...levels].sort(), chunked])
    let view = views.get(key)
    if (!view) {
      view = { number: views.size, format, levels, chunked }
      views.set(key, view)
    }
    return view
  }
}
