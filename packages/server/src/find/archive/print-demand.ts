import type { Demand } from '@launchtail/client/query/indexing'
import { ANY_WORD, valueToken } from './tokens.js'

/** The language in which an index is asked. */
export interface IndexLanguage {
  token(text: string, isPrefix: boolean): string
  all(texts: readonly string[]): string
  any(texts: readonly string[]): string
  without(text: string, excluded: string): string
}

/** False where no entry can meet the demand, such as a level that is below `debug`. */
export function isPossible(demand: Demand): boolean {
  if (demand.kind === 'all') return demand.of.every(isPossible)
  if (demand.kind === 'any') return demand.of.some(isPossible)
  return demand.kind !== 'without' || isPossible(demand.demand)
}

/** Says in an index's language what is demanded, which must be possible. */
export function printDemand(demand: Demand, language: IndexLanguage): string {
  // An entry with too many words may have any of them.
  return printed(demand, language, (word) => language.any([word, language.token(ANY_WORD, false)]))
}

/** `printWord` prints a word so that the entries with `ANY_WORD` are among the others, or are not. */
function printed(
  demand: Demand,
  language: IndexLanguage,
  printWord: (word: string) => string,
): string {
  const print = (part: Demand) => printed(part, language, printWord)
  switch (demand.kind) {
    case 'word':
      return printWord(language.token(demand.text, demand.isPrefix))
    case 'value':
      return language.token(valueToken(demand.field, demand.value), false)
    case 'all':
      return language.all(demand.of.map(print))
    case 'any':
      return language.any(demand.of.filter(isPossible).map(print))
    case 'without': {
      const text = print(demand.demand)
      if (!isPossible(demand.excluded)) return text
      // Of those with `ANY_WORD` it is not known that they have the word, so they must stay.
      return language.without(
        text,
        printed(demand.excluded, language, (word) => word),
      )
    }
  }
}
