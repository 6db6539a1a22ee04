import type { PatternTerm, WordsTerm } from './expression.js'
import type { FieldName } from './fields.js'
import { createGlob } from './glob.js'
import { wordFinder } from './match-words.js'
import { patternOf } from './pattern.js'
import type { Test, Text } from './subject.js'
import { globOf, longestLiteral, tokensOf } from './tokens.js'

/** Without a field, it is looked for in both of these, and never across them. */
const ANYWHERE = ['message', 'details'] as const

export function wordsTest({ field, exactly, pieces }: WordsTerm): Test {
  if (exactly) {
    const matches = createGlob(globOf(pieces))
    return inField(field, (text) => matches(text.folded()))
  }
  const tokens = tokensOf(pieces)
  const find = wordFinder(tokens)
  // Cutting a text costs ten times as much as looking for a part of it.
  const literal = longestLiteral(tokens)
  return inField(
    field,
    (text) => text.folded().includes(literal) && find(text.humps()) !== undefined,
  )
}

export function patternTest({ field, source, flags }: PatternTerm): Test {
  const pattern = patternOf(source, flags)
  return inField(field, ({ whole }) => pattern.test(whole))
}

function inField(field: FieldName | undefined, matches: (text: Text) => boolean): Test {
  const fields: readonly FieldName[] = field ? [field] : ANYWHERE
  return (subject) => fields.some((name) => subject.textsOf(name).some(matches))
}
