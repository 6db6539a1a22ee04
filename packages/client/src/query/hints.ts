import { leavesOf } from './leaves.js'
import type { FieldSyntax, Syntax, TextSyntax } from './syntax.js'

/** Sentences about parts of a query that may have been meant otherwise. */
export function hintsFor(syntax: Syntax): string[] {
  const hints = new Set<string>()
  for (const leaf of leavesOf(syntax)) {
    const hint = leaf.type === 'text' ? hintForText(leaf) : hintForField(leaf)
    if (hint) hints.add(hint)
  }
  return [...hints]
}

function hintForText({ value }: TextSyntax): string | undefined {
  const word = value.type === 'word' ? value.pieces.join('') : ''
  return /^(?:and|or|not)$/.test(word)
    ? `'${word}' is a word here; the operator is written ${word.toUpperCase()}`
    : undefined
}

function hintForField({ name, comparison, value }: FieldSyntax): string | undefined {
  if (name.text !== 'level' || comparison !== null || value.type !== 'word') return undefined
  const level = value.pieces.join('')
  return level === 'info' || level === 'warn'
    ? `level:${level} finds exactly this level; level:>=${level} also finds the more serious ones`
    : undefined
}
