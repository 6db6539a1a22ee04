import type { Piece } from './syntax.js'
import { fold, RUN_CHARACTERS } from './words.js'

/** One of the words of a query, which a span of a text must equal. */
export interface Token {
  /** The word in folded letters, with `STAR` and `ONE` for wildcards. */
  readonly text: string
  readonly hasWildcards: boolean
}

/** They stand for wildcards in a token. No text has them: there they would separate words. */
export const STAR = '\u{f0000}'
export const ONE = '\u{f0001}'
const MARKS = { '*': STAR, '?': ONE } as const

const TOKEN = new RegExp(`[${RUN_CHARACTERS}${STAR}${ONE}]+`, 'gu')
const MARK = new RegExp(`[${STAR}${ONE}]`, 'u')
const MARK_ALL = new RegExp(MARK, 'gu')

/** Cuts what is sought into words, as texts are cut. A wildcard is a letter of its word. */
export function tokensOf(pieces: readonly Piece[]): Token[] {
  const words = marked(pieces).match(TOKEN) ?? []
  return words.map((word) => ({ text: fold(word), hasWildcards: MARK.test(word) }))
}

/** A whole value that is sought, with marks for its wildcards. */
export function globOf(pieces: readonly Piece[]): string {
  return fold(marked(pieces))
}

/** The longest part without a wildcard that every match has. */
export function longestLiteral(tokens: readonly Token[]): string {
  const literals = tokens.flatMap(({ text }) => text.split(MARK))
  return literals.reduce((longest, next) => (next.length > longest.length ? next : longest), '')
}

function marked(pieces: readonly Piece[]): string {
  return pieces
    .map((piece) =>
      typeof piece === 'string' ? piece.replace(MARK_ALL, ' ') : MARKS[piece.wildcard],
    )
    .join('')
    .normalize('NFC')
}
