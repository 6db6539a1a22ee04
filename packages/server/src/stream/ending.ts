import { type DoneEvent, formatCursor, isTerminal } from '@launchtail/client/protocol'
import { oneLine } from '../logs/entry-text.js'
import type { LaunchEnd } from '../logs/launch-end.js'
import { cursorOf, type Item } from './feed/item.js'
import type { Format } from './formats.js'

/**
 * Says when a reader's stream ends: at the list's end, or, if it follows, when the launch is over, which
 * a past one is. `recorded` is the `done` from the records, for a list that does not show it.
 */
export type Ending =
  | { readonly follow: true; readonly isPast?: false; readonly recorded?: DoneEvent }
  | { readonly follow: true; readonly isPast: true; readonly recorded: DoneEvent }
  | { readonly follow: false; readonly recorded: DoneEvent }

export const FOLLOWING: Ending = { follow: true }

/** True if the stream ends after this entry: its launch is over, if it is the list's newest. */
export function isOver({ entry }: Item): boolean {
  return entry !== undefined && isTerminal(entry.phase)
}

/** The `done` of a launch that ended so, after the list's newest entry. */
export function doneFrame(format: Format, end: LaunchEnd, newest: Item): string {
  return frameOf(format, doneEvent(end), newest)
}

/**
 * The `done` for a reader that has seen the whole list; undefined where its stream goes on. `end`
 * is how the launch has ended, by all of the list.
 */
export function endFrame(format: Format, ending: Ending, list: ListEnd): string | undefined {
  const done = doneOf(ending, list)
  return done && frameOf(format, done, list.newest)
}

interface ListEnd {
  readonly newest: Item | undefined
  readonly end: LaunchEnd | undefined
}

/** The same without a frame. */
export function doneOf(ending: Ending, { newest, end }: ListEnd): DoneEvent | undefined {
  if (!ending.follow) {
    // The record may be a moment behind the list.
    const { endpoint } = ending.recorded
    const done =
      end ?? (newest?.entry ? { status: 'launching' as const, endpoint } : ending.recorded)
    return doneEvent({ ...done, message: AT_END })
  }
  if (ending.isPast) return doneEvent(end ?? ending.recorded)
  if (newest) return end && isOver(newest) ? doneEvent(end) : undefined
  return ending.recorded
}

const AT_END = 'Log stream complete (follow=false)'

function doneEvent({
  status,
  endpoint,
  message,
}: Pick<DoneEvent, 'status' | 'message'> & { endpoint?: string | undefined }): DoneEvent {
  return { status, ...(endpoint !== undefined && { endpoint }), message }
}

function frameOf(format: Format, done: DoneEvent, last: Item | undefined): string {
  return format.event('done', oneLine(done), formatCursor({ ...cursorOf(last), event: 'done' }))
}
