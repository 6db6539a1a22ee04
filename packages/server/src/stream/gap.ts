import { formatCursor, type GapEvent, type GapReason, START } from '@launchtail/client/protocol'
import { oneLine } from '../logs/entry-text.js'
import type { Format } from './formats.js'

/** Tells a reader that what it has seen is not what is kept. */
export function gapFrame(
  format: Format,
  requested: string,
  missed: number,
  reason: GapReason,
): string {
  const gap: GapEvent = {
    requested: requested.replace(/[^A-Za-z0-9:_-]/g, '').slice(0, 64),
    resumed_from: formatCursor(START),
    missed,
    reason,
  }
  return format.event('gap', oneLine(gap), formatCursor(START))
}
