import type { Demand } from '@launchtail/client/query/indexing'
import { type IndexLanguage, printDemand } from '../print-demand.js'
import { ANY_WORD, launchToken } from '../tokens.js'

/** PostgreSQL refuses a longer one. A lexeme may have 2,046 bytes, and a word has at most 128 letters. */
const LONGEST_VECTOR = 1024 * 1024

/**
 * The words of an entry as a literal of the type tsvector. It is not made of the text by PostgreSQL, which cuts it into
 * other words than the predicate does.
 */
export function lexemesOf(tokens: readonly string[]): string {
  const vector = vectorOf(tokens)
  if (Buffer.byteLength(vector) < LONGEST_VECTOR) return vector
  // Each of some alphabets' letters takes three bytes. The entry is offered for every word.
  return vectorOf([ANY_WORD, ...tokens.filter((token) => token.startsWith('='))])
}

function vectorOf(tokens: readonly string[]): string {
  return tokens.map(quoted).join(' ')
}

/** What an entry must have, as a literal of the type tsquery. */
export function queryText(
  demand: Demand | undefined,
  lists: readonly number[] | undefined,
): string | undefined {
  const texts = [
    demand && printDemand(demand, TSQUERY),
    lists &&
      joined(
        '|',
        lists.map((list) => quoted(launchToken(list))),
      ),
  ].filter((text) => text !== undefined)
  return texts.length > 0 ? texts.join(' & ') : undefined
}

const TSQUERY: IndexLanguage = {
  token: (text, isPrefix) => (isPrefix ? `${quoted(text)}:*` : quoted(text)),
  all: (texts) => joined('&', texts),
  any: (texts) => joined('|', texts),
  without: (text, excluded) => `(${text} & !${excluded})`,
}

function joined(operator: '&' | '|', texts: readonly string[]): string {
  return `(${texts.join(` ${operator} `)})`
}

/** A word has nothing in it that would have to be escaped, nor has a value. */
function quoted(token: string): string {
  return `'${token}'`
}
