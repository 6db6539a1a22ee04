import type { Expression, PatternTerm, WordsTerm } from './expression.js'
import { wordFinder } from './match-words.js'
import { findAll } from './pattern.js'
import { tokensOf } from './tokens.js'
import { placedHumpsOf } from './words.js'

/** A part of a text that a query looks for, from an offset up to another one. */
export type Mark = readonly [from: number, to: number]

/** Gives the parts of a message or of details that a query looks for, in order and apart. */
export function marker(expression: Expression): (text: string) => Mark[] {
  const finders = soughtIn(expression).map((term) =>
    term.kind === 'words' ? wordMarks(term) : patternMarks(term),
  )
  return (text) => apart(finders.flatMap((find) => find(text)))
}

/** The terms in the text, except those under NOT. */
function soughtIn(expression: Expression): (WordsTerm | PatternTerm)[] {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return expression.parts.flatMap(soughtIn)
    case 'words':
    case 'pattern':
      return IN_TEXT.includes(expression.field) ? [expression] : []
    default:
      return []
  }
}

const IN_TEXT: readonly (string | undefined)[] = [undefined, 'message', 'details']

function wordMarks({ pieces, exactly }: WordsTerm): (text: string) => Mark[] {
  const find = wordFinder(tokensOf(pieces))
  return (text) => {
    if (exactly) return [[0, text.length]]
    const humps = placedHumpsOf(text)
    const marks: Mark[] = []
    for (let found = find(humps); found; found = find(humps, found.to)) {
      marks.push([humps[found.from]?.at ?? 0, humps[found.to - 1]?.end ?? 0])
    }
    return marks
  }
}

function patternMarks({ source, flags }: PatternTerm): (text: string) => Mark[] {
  return (text) => findAll(source, flags, text)
}

/** Sorted, and what overlaps as one. */
function apart(marks: Mark[]): Mark[] {
  const joined: Mark[] = []
  for (const [from, to] of marks.sort((a, b) => a[0] - b[0])) {
    const last = joined.at(-1)
    if (to <= from) continue
    if (last && from < last[1]) joined.splice(-1, 1, [last[0], Math.max(to, last[1])])
    else joined.push([from, to])
  }
  return joined
}
