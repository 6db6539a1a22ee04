import type { EnumField, FieldName, OrderedField, TextField } from './fields.js'
import type { Piece } from './syntax.js'

/** A query as it is understood: every name known, every value valid. */
export type Expression =
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Expression[] }
  | { readonly kind: 'not'; readonly part: Expression }
  | Term

export type Term = WordsTerm | PatternTerm | HasTerm | IsTerm | OrderTerm

/** Words that stand next to each other in a field; without one, in the message or the details. */
export interface WordsTerm {
  readonly kind: 'words'
  readonly field: TextField | undefined
  /** True for `:=`, where they are the whole of the field. */
  readonly exactly: boolean
  readonly pieces: readonly Piece[]
}

export interface PatternTerm {
  readonly kind: 'pattern'
  readonly field: FieldName | undefined
  readonly source: string
  readonly flags: string
}

/** The field has a value. */
export interface HasTerm {
  readonly kind: 'has'
  readonly field: FieldName
}

/** One of a few values. */
export interface IsTerm {
  readonly kind: 'is'
  readonly field: EnumField
  readonly value: string
}

/** A comparison with a value, or a range, of which both ends are included. */
export interface OrderTerm {
  readonly kind: 'order'
  readonly field: OrderedField
  readonly comparison: '>=' | '<=' | '>' | '<' | '=' | '..'
  /** The value; of a range its beginning, undefined where it is open. */
  readonly value: string | undefined
  /** The end of a range. */
  readonly to: string | undefined
}
