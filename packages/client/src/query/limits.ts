import { leavesOf } from './leaves.js'
import { QueryError } from './query-error.js'
import type { Syntax } from './syntax.js'

/** The limits of a query: they bound the time it takes to read one, and to run it on an entry. */
export const LIMITS = {
  characters: 4096,
  depth: 32,
  terms: 128,
  patterns: 8,
  patternCharacters: 512,
  repetition: 100,
  stars: 16,
  wildcardCharacters: 512,
} as const

export function refuseLong(text: string): void {
  const { characters } = LIMITS
  if (text.length <= characters) return
  throw new QueryError(
    `a query has at most ${characters} characters; this one has ${text.length}`,
    {
      at: characters,
      end: text.length,
    },
  )
}

/** Refuses too many terms, and too many patterns. */
export function refuseMany(syntax: Syntax): void {
  let terms = 0
  let patterns = 0
  for (const value of valuesOf(syntax)) {
    terms += 1
    if (value.type === 'pattern') patterns += 1
    if (terms > LIMITS.terms) {
      throw new QueryError(`a query has at most ${LIMITS.terms} words, values and patterns`, value)
    }
    if (patterns > LIMITS.patterns) {
      throw new QueryError(`a query has at most ${LIMITS.patterns} patterns`, value)
    }
  }
}

/** All that is sought, in the order in which it is written. */
function* valuesOf(syntax: Syntax) {
  for (const leaf of leavesOf(syntax)) {
    if (leaf.type === 'text') yield leaf.value
    else yield* leavesOf(leaf.value)
  }
}
