import { LEVELS } from '../../protocol/levels.js'
import { PHASES } from '../../protocol/phases.js'
import type { Expression, OrderTerm, Term, WordsTerm } from '../expression.js'
import { comparisonTest } from '../order-test.js'
import { createSubject } from '../subject.js'
import { ONE, STAR, type Token, tokensOf } from '../tokens.js'
import { beginningOf, isUnmistakable, storedWord } from './stored-word.js'

/** Demands on an entry, without which it cannot be found. No entry meets `any` of nothing. */
export type Demand =
  | { readonly kind: 'word'; readonly text: string; readonly isPrefix: boolean }
  | { readonly kind: 'value'; readonly field: 'level' | 'phase'; readonly value: string }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Demand[] }
  | { readonly kind: 'without'; readonly demand: Demand; readonly excluded: Demand }

export interface Narrowing {
  /** Undefined where every entry may be found. */
  readonly demand: Demand | undefined
  /** The demand decides by itself: exactly the entries that meet it are found. */
  readonly isExact: boolean
}

const EVERYTHING: Narrowing = { demand: undefined, isExact: true }
const UNKNOWN: Narrowing = { demand: undefined, isExact: false }
const NOTHING: Narrowing = { demand: { kind: 'any', of: [] }, isExact: true }

/** The demands on the entries that a query finds, as far as an index can tell. */
export function demandOf(expression: Expression): Narrowing {
  switch (expression.kind) {
    case 'all':
      return EVERYTHING
    case 'and':
      return allOf(expression.parts)
    case 'or':
      return anyOf(expression.parts)
    case 'not':
      return complementOf(demandOf(expression.part))
    case 'words':
      return wordsDemand(expression)
    case 'has':
      return expression.field === 'level' || expression.field === 'phase' ? EVERYTHING : UNKNOWN
    case 'order':
      return orderDemand(expression)
    default:
      return UNKNOWN
  }
}

/** A part under NOT is left out where an index can tell it exactly, and where something is demanded. */
function allOf(parts: readonly Expression[]): Narrowing {
  const demanded: Demand[] = []
  const excluded: Demand[] = []
  let isExact = true
  for (const part of parts) {
    // Once for each part: twice would be 2³² times for what is nested in 32 NOTs.
    const inner = part.kind === 'not' ? demandOf(part.part) : undefined
    const narrowing = inner ? complementOf(inner) : demandOf(part)
    if (narrowing.demand) demanded.push(narrowing.demand)
    else if (inner?.isExact && inner.demand) excluded.push(inner.demand)
    isExact &&= narrowing.isExact || Boolean(inner?.isExact)
  }
  if (demanded.length === 0) return excluded.length === 0 && isExact ? EVERYTHING : UNKNOWN
  const demand = joined('all', demanded)
  if (excluded.length === 0) return { demand, isExact }
  return { demand: { kind: 'without', demand, excluded: joined('any', excluded) }, isExact }
}

function anyOf(parts: readonly Expression[]): Narrowing {
  const narrowings = parts.map(demandOf)
  const demands = narrowings.flatMap(({ demand }) => demand ?? [])
  if (demands.length < narrowings.length) {
    return narrowings.includes(EVERYTHING) ? EVERYTHING : UNKNOWN
  }
  return { demand: joined('any', demands), isExact: narrowings.every(({ isExact }) => isExact) }
}

function joined(kind: 'all' | 'any', of: readonly Demand[]): Demand {
  const [only, ...others] = of
  return only && others.length === 0 ? only : { kind, of }
}

/** Only of what has few values: an index cannot list the entries without a word. */
function complementOf({ demand, isExact }: Narrowing): Narrowing {
  if (!isExact) return UNKNOWN
  if (!demand) return NOTHING
  const values = demand.kind === 'any' ? demand.of : [demand]
  const [first] = values
  if (first?.kind !== 'value') return values.length === 0 ? EVERYTHING : UNKNOWN
  const { field } = first
  const excluded = values.flatMap((of) =>
    of.kind === 'value' && of.field === field ? of.value : [],
  )
  if (excluded.length < values.length) return UNKNOWN
  return oneOf(
    field,
    VALUES[field].filter((value) => !excluded.includes(value)),
  )
}

const VALUES = { level: LEVELS, phase: PHASES } as const

function oneOf(field: 'level' | 'phase', values: readonly string[]): Narrowing {
  if (values.length === VALUES[field].length) return EVERYTHING
  return {
    demand: joined(
      'any',
      values.map((value) => ({ kind: 'value', field, value })),
    ),
    isExact: true,
  }
}

/** The test itself tells which of the few values pass. */
function orderDemand(term: OrderTerm): Narrowing {
  const { field } = term
  if (field !== 'level' && field !== 'phase') return UNKNOWN
  const test = comparisonTest(term, 0)
  const entry = { timestamp: '', level: 'info', message: '', phase: 'queued' } as const
  return oneOf(
    field,
    VALUES[field].filter((value) => test(createSubject({ ...entry, [field]: value }, undefined))),
  )
}

/** Fields of a launch are not in the index. */
function wordsDemand({ field, exactly, pieces }: WordsTerm): Narrowing {
  if (!isInEntry(field)) return UNKNOWN
  const tokens = tokensOf(pieces)
  // A wildcard in a whole value may stand for signs as well, so a word beside it has no known end.
  const demands = tokens.flatMap((token) =>
    exactly && token.hasWildcards ? [] : (tokenDemand(token) ?? []),
  )
  if (demands.length === 0) return UNKNOWN
  const [only] = tokens
  const isExact = !exactly && field === undefined && tokens.length === 1 && isDecisive(only)
  return { demand: joined('all', demands), isExact }
}

function isInEntry(field: Term['field']): boolean {
  return field === undefined || field === 'message' || field === 'details'
}

/** The fewest letters before a wildcard that narrow more than they cost. */
const FEWEST_LETTERS = 2
const WILDCARD = new RegExp(`[${STAR}${ONE}]`, 'u')

function tokenDemand({ text, hasWildcards }: Token): Demand | undefined {
  if (!hasWildcards) return { kind: 'word', text: storedWord(text), isPrefix: false }
  const [beginning = ''] = text.split(WILDCARD)
  if (beginning.length < FEWEST_LETTERS && !endsInStar(text)) return undefined
  if (beginning === '') return undefined
  return { kind: 'word', text: beginningOf(beginning), isPrefix: true }
}

/** True if the stored words tell by themselves whether the token is found. */
function isDecisive(token: Token | undefined): boolean {
  if (!token) return false
  const { text, hasWildcards } = token
  if (!hasWildcards) return isUnmistakable(text)
  return endsInStar(text) && isUnmistakable(text)
}

/** True if the only wildcard is a `*` at the end. */
function endsInStar(text: string): boolean {
  return text.search(WILDCARD) === text.length - STAR.length && text.endsWith(STAR)
}
