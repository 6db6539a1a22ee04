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
  const missed = Math.max(0, seen.index + 1 - length)
  return gapFrame(format, formatCursor(seen), missed, length === 0 ? 'expired' : 'rewritten')
}

/** Tells a reader that its last event id is none of ours. */
export function unknownIdFrame(format: Format, id: string): string {
  return gapFrame(format, id, 0, 'unknown')
}

function gapFrame(format: Format, requested: string, missed: number, reason: GapReason): string {
  const gap: GapEvent = {
    requested: requested.replace(/[^A-Za-z0-9:_-]/g, '').slice(0, 64),
    resumed_from: formatCursor(START),
    missed,
    reason,
  }
  return format.event('gap', oneLine(gap), formatCursor(START))
}
