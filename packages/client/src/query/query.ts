import type { Expression, Term } from './expression.js'
import { fault } from './faults.js'
import { fieldNamed } from './fields.js'
import { parse } from './grammar.js'
import { hintsFor } from './hints.js'
import { LIMITS, refuseLong, refuseMany } from './limits.js'
import { type Mark, marker } from './marks.js'
import { isRelative } from './moments.js'
import { type Predicate, predicateOf } from './predicate.js'
import { printQuery } from './print.js'
import { understand } from './understand.js'

/** A query that has been understood. */
export interface Query {
  /** The query as it was written. */
  readonly given: string
  readonly expression: Expression
  /** The query as it is understood. A list is written out, so this may be over the limits. */
  readonly text: string
  /** Sentences about parts that may have been meant otherwise. */
  readonly hints: readonly string[]
  /** It asks for fields of the launch. */
  readonly asksLaunch: boolean
  /** It finds something else at another time: it has a time such as `-2h` or `today`. */
  readonly isRelative: boolean
  /** It has patterns, which take longest. */
  readonly hasPatterns: boolean
  predicate(options: { now: number }): Predicate
  /** Gives the parts of a message or of details that it looks for. */
  marker(): (text: string) => Mark[]
}

/** Reads a query. Throws a QueryError where it cannot be understood. */
export function parseQuery(given: string): Query {
  refuseLong(given)
  const syntax = parse(given, { fault, maxDepth: LIMITS.depth })
  if (syntax) refuseMany(syntax)
  const expression: Expression = syntax ? understand(syntax) : { kind: 'all' }
  const terms = termsOf(expression)
  return {
    given,
    expression,
    text: printQuery(expression),
    hints: syntax ? hintsFor(syntax) : [],
    asksLaunch: terms.some(({ field }) => field && fieldNamed(field)?.of === 'launch'),
    isRelative: terms.some(isOfNow),
    hasPatterns: terms.some(({ kind }) => kind === 'pattern'),
    predicate: (options) => predicateOf(expression, options),
    marker: () => marker(expression),
  }
}

/** The terms of a query, without the operators between them. */
function termsOf(expression: Expression): Term[] {
  switch (expression.kind) {
    case 'all':
      return []
    case 'not':
      return termsOf(expression.part)
    case 'and':
    case 'or':
      return expression.parts.flatMap(termsOf)
    default:
      return [expression]
  }
}

function isOfNow(term: Term): boolean {
  if (term.kind !== 'order' || term.field !== 'timestamp') return false
  return [term.value, term.to].some((time) => time !== undefined && isRelative(time))
}
