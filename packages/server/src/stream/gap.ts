import {
  type Cursor,
  formatCursor,
  type GapEvent,
  type GapReason,
  START,
} from '@launchtail/client/protocol'
import { oneLine } from '../logs/entry-text.js'
import type { Format } from './formats.js'

/** Tells a reader that the entry it has seen last is not in the list, which has `length` entries. */
export function lostCursorFrame(format: Format, seen: Cursor, length: number): string {
  return gapFrame(format, lostCursorGap(seen, length))
}

/** Tells a reader that its last event id is none of ours. */
export function unknownIdFrame(format: Format, id: string): string {
  return gapFrame(format, gapOf(id, 0, 'unknown'))
}

/** The same without a frame. */
export function lostCursorGap(seen: Cursor, length: number): GapEvent {
  const missed = Math.max(0, seen.index + 1 - length)
  return gapOf(formatCursor(seen), missed, length === 0 ? 'expired' : 'rewritten')
}

/** The `gap` for a requested id; what follows begins after `from`. */
export function gapOf(
  requested: string,
  missed: number,
  reason: GapReason,
  from = formatCursor(START),
): GapEvent {
  return {
    requested: requested.replace(/[^A-Za-z0-9:_-]/g, '').slice(0, 64),
    resumed_from: from,
    missed,
    reason,
  }
}

function gapFrame(format: Format, gap: GapEvent): string {
  return format.event('gap', oneLine(gap), formatCursor(START))
}
