import type { Demand } from '@launchtail/client/query/indexing'

// No word begins with a sign, so no prefix of a word finds one of these.

/** Of an entry with too many words: it is offered for each of them. */
export const ANY_WORD = '=any'

export function valueToken(field: 'level' | 'phase', value: string): string {
  return `=${field[0]}${value}`
}

/** Of all entries of a list. */
export function launchToken(list: number): string {
  return `=n${list}`
}

/** A demand in the syntax of FTS5's MATCH; undefined where no entry can meet it. */
export function matchText(demand: Demand): string | undefined {
  return printed(demand, (word) => `(${word} OR ${quoted(ANY_WORD)})`)
}

/** `printWord` prints a word so that the entries with `ANY_WORD` are among the others, or are not. */
function printed(demand: Demand, printWord: (word: string) => string): string | undefined {
  switch (demand.kind) {
    case 'word': {
      const word = quoted(demand.text)
      return printWord(demand.isPrefix ? `${word} *` : word)
    }
    case 'value':
      return quoted(valueToken(demand.field, demand.value))
    case 'all': {
      const texts = demand.of.map((part) => printed(part, printWord))
      return texts.includes(undefined) ? undefined : `(${texts.join(' AND ')})`
    }
    case 'any': {
      const texts = demand.of.flatMap((part) => printed(part, printWord) ?? [])
      return texts.length === 0 ? undefined : `(${texts.join(' OR ')})`
    }
    case 'without': {
      const text = printed(demand.demand, printWord)
      // Of those it is not known that they have the word, so they must stay.
      const excluded = printed(demand.excluded, (word) => word)
      return text !== undefined && excluded !== undefined ? `(${text} NOT ${excluded})` : text
    }
  }
}

/** One of these lists, besides what else is demanded. */
export function matchLists(text: string | undefined, lists: readonly number[]): string {
  const ofLists = `(${lists.map((list) => quoted(launchToken(list))).join(' OR ')})`
  return text === undefined ? ofLists : `${text} AND ${ofLists}`
}

function quoted(token: string): string {
  return `"${token}"`
}
