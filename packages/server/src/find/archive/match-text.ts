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
      return texts.includes(undefined) ? undefined : joined('AND', texts as string[])
    }
    case 'any': {
      const texts = demand.of.flatMap((part) => printed(part, printWord) ?? [])
      return texts.length === 0 ? undefined : joined('OR', texts)
    }
    case 'without': {
      const text = printed(demand.demand, printWord)
      // Of those it is not known that they have the word, so they must stay.
      const excluded = printed(demand.excluded, (word) => word)
      return text !== undefined && excluded !== undefined ? `(${text} NOT ${excluded})` : text
    }
  }
}

/** The deepest part comes first: FTS5 keeps what stands before a bracket until it is closed. */
function joined(operator: 'AND' | 'OR', texts: readonly string[]): string {
  const deepestFirst = texts.toSorted((a, b) => heldFor(b) - heldFor(a))
  return `(${deepestFirst.join(` ${operator} `)})`
}

/** FTS5's parser keeps at most 100 pieces of a text, and refuses it where there would be more. */
const MOST_HELD = 80

/** True if FTS5 can read it. Queries may be nested more than that. */
export function isReadable(text: string): boolean {
  return heldFor(text) <= MOST_HELD
}

/** The most pieces that FTS5's parser keeps at a time: open brackets, and what is to be joined. */
function heldFor(text: string): number {
  const levels: number[] = []
  let held = 0
  let most = 0
  for (const [piece] of text.matchAll(/"[^"]*"|[()]|AND|OR|NOT/g)) {
    if (piece === ')') held -= levels.pop() ?? 0
    else if (piece === '(') {
      levels.push(1)
      held += 1
    } else if (!piece.startsWith('"') && levels.at(-1) === 1) {
      levels.splice(-1, 1, 3)
      held += 2
    }
    most = Math.max(most, held)
  }
  return most
}

/** One of these lists, besides what else is demanded. */
export function matchLists(text: string | undefined, lists: readonly number[]): string {
  const ofLists = `(${lists.map((list) => quoted(launchToken(list))).join(' OR ')})`
  return text === undefined ? ofLists : `${text} AND ${ofLists}`
}

function quoted(token: string): string {
  return `"${token}"`
}
