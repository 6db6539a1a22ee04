import type { Expression, OrderTerm } from './expression.js'
import type { EnumField, Field, FieldName, OrderedField, TextField } from './fields.js'
import { KINDS } from './kinds.js'
import { QueryError } from './query-error.js'
import type {
  Comparison,
  PhraseSyntax,
  RangeSyntax,
  Span,
  SpannedText,
  ValueSyntax,
  WordSyntax,
} from './syntax.js'
import { piecesOf, refuseWildcards, understandPattern, understandText } from './understand-text.js'

export interface Asked {
  readonly field: Field & { readonly name: FieldName }
  readonly comparison: Comparison | null
  /** Where the field is named. */
  readonly name: SpannedText
}

/** One value after a field, and what it is compared by. */
export function understandValue(value: ValueSyntax, asked: Asked): Expression {
  const { field, comparison } = asked
  if (value.type === 'any') return any(value, asked)
  if (value.type === 'pattern') {
    refuseComparison(value, asked, 'a pattern')
    return understandPattern(value, field.name)
  }
  if (field.kind === 'text') {
    if (value.type === 'range') throw noOrder(value, field)
    return words(value, asked)
  }
  if (field.kind === 'choice') {
    if (value.type === 'range' || (comparison && comparison !== '=')) throw noOrder(value, field)
    return { kind: 'is', field: field.name as EnumField, value: single(field, value) }
  }
  return value.type === 'range' ? range(value, asked) : ordered(value, asked)
}

function any(value: Span, asked: Asked): Expression {
  refuseComparison(value, asked, '*')
  return { kind: 'has', field: asked.field.name }
}

function words(value: WordSyntax | PhraseSyntax, { field, comparison }: Asked): Expression {
  if (comparison && comparison !== '=') throw noOrder(value, field)
  const name = field.name as TextField
  if (comparison === null) return understandText(value, name)
  const pieces = piecesOf(value)
  refuseWildcards(pieces, value)
  if (pieces.length > 0) return { kind: 'words', field: name, exactly: true, pieces }
  throw new QueryError(
    `there is nothing in these quotes; write -${name}:* for entries without a value`,
    value,
  )
}

function ordered(value: WordSyntax | PhraseSyntax, { field, comparison }: Asked): Expression {
  const name = field.name as OrderedField
  if (field.kind === 'level' && comparison === null && value.type === 'word') {
    const names = textOf(field, value).split(',')
    if (names.length > 1) return oneOf(names, value, field)
  }
  const text = single(field, value)
  const kind = KINDS[field.kind]
  const problem = kind.refuse?.(text, comparison)
  if (problem) throw new QueryError(problem, value)
  return order({ field: name, comparison: comparison ?? '=', value: text })
}

/** `level:error,debug`, as the parameter of that name has it. */
function oneOf(names: readonly string[], value: WordSyntax, field: Field): Expression {
  let at = value.at
  const parts = names.map((name) => {
    const span = { at, end: at + name.length }
    at = span.end + 1
    return order({
      field: field.name as OrderedField,
      comparison: '=',
      value: valid(field, name, span),
    })
  })
  return { kind: 'or', parts }
}

function range({ from, to, ...span }: RangeSyntax, { field, comparison }: Asked): Expression {
  if (comparison) {
    throw new QueryError(`a range needs no '${comparison}'; write ${field.name}:a..b`, span)
  }
  const bounds = [from, to].map((bound) => {
    if (!bound) return undefined
    const text = valid(field, bound.text, bound)
    const problem = KINDS[field.kind].refuse?.(text, '>=')
    if (problem) throw new QueryError(problem, bound)
    return text
  })
  const [value, end] = bounds
  return { ...order({ field: field.name as OrderedField, comparison: '..', value }), to: end }
}

function order(term: Pick<OrderTerm, 'field' | 'comparison' | 'value'>): OrderTerm {
  return { kind: 'order', ...term, to: undefined }
}

function single(field: Field, value: WordSyntax | PhraseSyntax): string {
  return valid(field, textOf(field, value), value)
}

/** The value as it is written without quotes. */
function textOf(field: Field, value: WordSyntax | PhraseSyntax): string {
  const pieces = piecesOf(value)
  if (pieces.some((piece) => typeof piece !== 'string')) {
    throw new QueryError(
      `wildcards are for words; '${field.name}' takes ${KINDS[field.kind].takes(field)}`,
      value,
    )
  }
  return pieces.join('')
}

function valid(field: Field, text: string, span: Span): string {
  const kind = KINDS[field.kind]
  const value = kind.read(text, field)
  if (value !== undefined) return value
  throw new QueryError(kind.unreadable(text, field), span)
}

function refuseComparison(span: Span, { field, comparison }: Asked, what: string): void {
  if (!comparison) return
  throw new QueryError(
    `${what} cannot be compared; write ${field.name}:${what === '*' ? '*' : '/pattern/'} without '${comparison}'`,
    span,
  )
}

function noOrder(span: Span, { name, kind, values }: Field): QueryError {
  const instead =
    kind === 'choice' ? `write ${name}:${values?.join(` or ${name}:`)}` : 'put text in quotes'
  return new QueryError(`'${name}' has no order and no ranges; ${instead}`, span)
}
