import type { ServerResponse } from 'node:http'
import type { Cursor, Instant } from '@launchtail/client/protocol'
import type { Format, LevelFilter } from './formats.js'
import type { Item } from './item.js'
import type { Outlet } from './outlet.js'

export interface ReaderOptions {
  response: ServerResponse
  format: Format
  levels: LevelFilter
  /** What the reader has seen: it gets everything after it, once. */
  from: Cursor
  /** The id that it asked for, where that is none of ours: told as a gap. */
  unknown?: string
  /** Entries before `until` are passed over unless they are later than `since`. */
  history?: { since: Instant; until: number }
  /** Sent before the first entry. */
  first?: string
  /** Sent at the tip, to end the stream there (`follow=false`). */
  last?: (newest: Item | undefined) => string
  /** The `done` of a launch that is over and of which the list has nothing any more. */
  over?: string
  /** The reader's client is told to wait so many milliseconds before it connects again. */
  retry: number
}

/** Readers that are sent the same bytes: one format, one filter, one framing. */
export interface View {
  readonly number: number
  readonly format: Format
  readonly levels: LevelFilter
  readonly chunked: boolean
}

export interface Reader {
  readonly options: ReaderOptions
  readonly outlet: Outlet
  readonly view: View
  /** At the tip: it has been sent all there was to send, and gets what comes as it comes. */
  live: boolean
  /** What it has been sent, while it is not live. */
  cursor: Cursor
  catchingUp: boolean
  ended: boolean
  beatAt: number
  endAt: number
}

/** The views there are, each made when its first reader comes. */
export function createViews() {
  const views = new Map<string, View>()
  return (format: Format, levels: LevelFilter, chunked: boolean): View => {
    const key = JSON.stringify([format.name, levels && [...levels].sort(), chunked])
    let view = views.get(key)
    if (!view) {
      view = { number: views.size, format, levels, chunked }
      views.set(key, view)
    }
    return view
  }
}
