import { LEVELS } from '../protocol/levels.js'
import { PHASES } from '../protocol/phases.js'
import { compareInstants, type Instant, parseInstant } from '../protocol/time.js'
import type { OrderTerm } from './expression.js'
import { isInstant, type Moment, momentOf } from './moments.js'
import type { Test } from './subject.js'

/** A comparison of a field that has an order. */
export function comparisonTest(term: OrderTerm, now: number): Test {
  switch (term.field) {
    case 'timestamp':
      return timeTest(term, now)
    case 'progress': {
      const holds = numberTest(term, Number)
      return ({ entry: { progress } }) => progress !== undefined && holds(progress)
    }
    case 'level': {
      const holds = numberTest(term, placeOf(LEVELS))
      return ({ entry: { level } }) => holds(LEVELS.indexOf(level))
    }
    case 'phase': {
      if (term.comparison === '=') return ({ entry: { phase } }) => phase === term.value
      const holds = numberTest(term, placeOf(PHASES))
      return ({ entry: { phase } }) => phase !== 'failed' && holds(PHASES.indexOf(phase))
    }
  }
}

function placeOf(names: readonly string[]): (name: string) => number {
  return (name) => names.indexOf(name)
}

/** A name that is not known is at -1, and fails. */
function numberTest(
  { comparison, value, to }: OrderTerm,
  numberOf: (text: string) => number,
): (number: number) => boolean {
  const bound = value === undefined ? Number.NEGATIVE_INFINITY : numberOf(value)
  const end = to === undefined ? Number.POSITIVE_INFINITY : numberOf(to)
  const holds = {
    '=': (number: number) => number === bound,
    '>': (number: number) => number > bound,
    '>=': (number: number) => number >= bound,
    '<': (number: number) => number < bound,
    '<=': (number: number) => number <= bound,
    '..': (number: number) => number >= bound && number <= end,
  }[comparison]
  return (number) => number >= 0 && holds(number)
}

/** To the nanosecond. */
function timeTest(term: OrderTerm, now: number): Test {
  const { from, to } = limitsOf(term, now)
  return ({ entry: { timestamp } }) => {
    const time = parseInstant(timestamp)
    if (!time) return false
    const sinceFrom = from ? compareInstants(time, from.at) : 1
    const untilTo = to ? compareInstants(to.at, time) : 1
    return isInside(sinceFrom, from) && isInside(untilTo, to)
  }
}

interface Limit {
  readonly at: Instant
  readonly included: boolean
}

function isInside(distance: number, limit: Limit | undefined): boolean {
  return distance > 0 || (distance === 0 && limit?.included === true)
}

/** A day is the whole of it, so `:>` a day is after it. */
export function limitsOf(
  { comparison, value, to: last }: OrderTerm,
  now: number,
): { from?: Limit | undefined; to?: Limit | undefined } {
  const moment = value === undefined ? undefined : momentOf(value, now)
  const end = last === undefined ? undefined : momentOf(last, now)
  switch (comparison) {
    case '>':
      return { from: moment && { at: moment.end, included: !isInstant(moment) } }
    case '>=':
      return { from: beginOf(moment) }
    case '<':
      return { to: moment && { at: moment.start, included: false } }
    case '<=':
      return { to: endOf(moment) }
    case '=':
      return { from: beginOf(moment), to: endOf(moment) }
    case '..':
      return { from: beginOf(moment), to: endOf(end) }
  }
}

function beginOf(moment: Moment | undefined): Limit | undefined {
  return moment && { at: moment.start, included: true }
}

function endOf(moment: Moment | undefined): Limit | undefined {
  return moment && { at: moment.end, included: isInstant(moment) }
}
