/** The syntax tree that the grammar makes: what was written, with where it was written. */
export type Syntax = Tree<TextSyntax | FieldSyntax>

export type Tree<Leaf> =
  | { readonly type: 'or' | 'and'; readonly parts: readonly Tree<Leaf>[] }
  | { readonly type: 'not'; readonly part: Tree<Leaf> }
  | Leaf

/** From the offset `at` up to `end`, without that. */
export interface Span {
  readonly at: number
  readonly end: number
}

export interface TextSyntax {
  readonly type: 'text'
  readonly value: WordSyntax | PhraseSyntax | PatternSyntax
}

export interface FieldSyntax {
  readonly type: 'field'
  readonly name: SpannedText
  readonly comparison: Comparison | null
  readonly value: Tree<ValueSyntax>
}

export type Comparison = '>=' | '<=' | '>' | '<' | '='

export type ValueSyntax = WordSyntax | PhraseSyntax | PatternSyntax | AnySyntax | RangeSyntax

/** A character of a word, or a wildcard. */
export type Piece = string | { readonly wildcard: '*' | '?' }

export interface WordSyntax extends Span {
  readonly type: 'word'
  readonly pieces: readonly Piece[]
}

export interface PhraseSyntax extends Span {
  readonly type: 'phrase'
  readonly text: string
}

export interface PatternSyntax extends Span {
  readonly type: 'pattern'
  readonly source: string
  readonly flags: SpannedText
}

export interface AnySyntax extends Span {
  readonly type: 'any'
}

export interface RangeSyntax extends Span {
  readonly type: 'range'
  readonly from: SpannedText | null
  readonly to: SpannedText | null
}

export interface SpannedText extends Span {
  readonly text: string
}
