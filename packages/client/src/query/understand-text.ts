import type { PatternTerm, WordsTerm } from './expression.js'
import type { FieldName, TextField } from './fields.js'
import { LIMITS } from './limits.js'
import { checkPattern } from './pattern.js'
import { QueryError } from './query-error.js'
import type { PatternSyntax, PhraseSyntax, Piece, WordSyntax } from './syntax.js'
import { tokensOf } from './tokens.js'

/** Words, a phrase or a pattern in a text. */
export function understandText(
  value: WordSyntax | PhraseSyntax | PatternSyntax,
  field: TextField | undefined,
): WordsTerm | PatternTerm {
  if (value.type === 'pattern') return understandPattern(value, field)
  const pieces = piecesOf(value)
  refuseWildcards(pieces, value)
  if (tokensOf(pieces).length === 0) {
    throw new QueryError(
      value.type === 'phrase' && value.text.trim() === ''
        ? 'there is nothing in these quotes; write -field:* for entries without a value'
        : `only words can be found here; for punctuation write a pattern, such as /${forPattern(value)}/`,
      value,
    )
  }
  return { kind: 'words', field, exactly: false, pieces }
}

export function understandPattern(
  pattern: PatternSyntax,
  field: FieldName | undefined,
): PatternTerm {
  const { source, flags } = pattern
  checkPattern(pattern)
  return { kind: 'pattern', field, source, flags: [...new Set(flags.text)].sort().join('') }
}

/** A phrase is a word without wildcards. Characters that stand together are one piece. */
export function piecesOf(value: WordSyntax | PhraseSyntax): readonly Piece[] {
  if (value.type === 'phrase') return value.text === '' ? [] : [value.text]
  const pieces: Piece[] = []
  for (const piece of value.pieces) {
    const last = pieces.at(-1)
    if (typeof piece === 'string' && typeof last === 'string') pieces.splice(-1, 1, last + piece)
    else pieces.push(piece)
  }
  return pieces
}

export function refuseWildcards(pieces: readonly Piece[], value: WordSyntax | PhraseSyntax): void {
  const wildcards = pieces.filter((piece) => typeof piece !== 'string')
  const stars = wildcards.filter(({ wildcard }) => wildcard === '*').length
  if (stars > LIMITS.stars) {
    throw new QueryError(`a word has at most ${LIMITS.stars} of the wildcard *`, value)
  }
  if (wildcards.length > 0 && value.end - value.at > LIMITS.wildcardCharacters) {
    throw new QueryError(
      `a word with wildcards has at most ${LIMITS.wildcardCharacters} characters`,
      value,
    )
  }
}

function forPattern(value: WordSyntax | PhraseSyntax): string {
  const [text = ''] = piecesOf(value).filter((piece) => typeof piece === 'string')
  return text
    .trim()
    .slice(0, 20)
    .replace(/[\\/^$.*+?()[\]{}|]/g, '\\$&')
}
