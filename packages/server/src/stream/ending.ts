import {
  type DoneEvent,
  formatCursor,
  isTerminal,
  type LogEntry,
} from '@launchtail/client/protocol'
import { endpointOf, oneLine, statusOf } from '../logs/entry-text.js'
import { cursorOf, type Item } from './feed/item.js'
import type { Format } from './formats.js'

/**
 * Says when a reader's stream ends: at the list's end, or, if it follows, when the launch is over.
 * `recorded` is the `done` from the node's record, for a list that does not show it.
 */
export type Ending =
  | { readonly follow: true; readonly recorded?: DoneEvent }
  | { readonly follow: false; readonly recorded: DoneEvent }

export const FOLLOWING: Ending = { follow: true }

/** True if this entry ends a launch: nothing follows, if it is the list's newest. */
export function isOver({ entry }: Item): boolean {
  return entry !== undefined && isTerminal(entry.phase)
}

/** The `done` of a launch that this entry ends. */
export function doneFrame(format: Format, newest: Item): string {
  return newest.entry ? doneEvent(format, doneOf(newest.entry), newest) : ''
}

/** The `done` for a reader that has seen the whole list; undefined where its stream goes on. */
export function endFrame(
  format: Format,
  ending: Ending,
  newest: Item | undefined,
): string | undefined {
  if (!ending.follow) {
    // The record may be a moment behind the list.
    const done = { ...ending.recorded, ...(newest?.entry && doneOf(newest.entry)) }
    return doneEvent(format, { ...done, message: AT_END }, newest)
  }
  if (newest) return isOver(newest) ? doneFrame(format, newest) : undefined
  return ending.recorded && doneEvent(format, ending.recorded, newest)
}

const AT_END = 'Log stream complete (follow=false)'

function doneEvent(
  format: Format,
  { status, endpoint, message }: DoneEvent,
  last: Item | undefined,
): string {
  const done: DoneEvent = { status, ...(endpoint !== undefined && { endpoint }), message }
  return format.event('done', oneLine(done), formatCursor({ ...cursorOf(last), event: 'done' }))
}

function doneOf(entry: LogEntry): DoneEvent {
  const endpoint = endpointOf(entry)
  const { message } = entry
  return { status: statusOf(entry), ...(endpoint !== undefined && { endpoint }), message }
}
