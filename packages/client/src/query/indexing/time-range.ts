import type { Expression } from '../expression.js'
import { limitsOf } from '../order-test.js'

/** In whole milliseconds since 1970, both included. */
export interface TimeRange {
  readonly from: number
  readonly to: number
}

const ALWAYS: TimeRange = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }

/** A stretch that has the timestamps of all entries that are found. */
export function timeRangeOf(expression: Expression, now: number): TimeRange {
  if (expression.kind === 'and') {
    return expression.parts.reduce((range, part) => overlap(range, timeRangeOf(part, now)), ALWAYS)
  }
  if (expression.kind !== 'order' || expression.field !== 'timestamp') return ALWAYS
  const { from, to } = limitsOf(expression, now)
  return {
    from: from ? from.at.seconds * 1000 + Math.floor(from.at.nanos / 1e6) : ALWAYS.from,
    to: to ? to.at.seconds * 1000 + Math.floor(to.at.nanos / 1e6) : ALWAYS.to,
  }
}

function overlap(a: TimeRange, b: TimeRange): TimeRange {
  return { from: Math.max(a.from, b.from), to: Math.min(a.to, b.to) }
}
