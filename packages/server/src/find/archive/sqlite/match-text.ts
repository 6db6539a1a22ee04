import type { Demand } from '@launchtail/client/query/indexing'
import { type IndexLanguage, printDemand } from '../print-demand.js'
import { launchToken } from '../tokens.js'

/** What an entry must have, in the syntax of FTS5's MATCH; undefined where FTS5 could not read it. */
export function matchText(
  demand: Demand | undefined,
  lists: readonly number[] | undefined,
): string | undefined {
  const demanded = demand && printDemand(demand, FTS5)
  // The predicate decides on more than is said here, so it may be left out.
  const text = demanded !== undefined && isReadable(demanded) ? demanded : undefined
  if (lists === undefined) return text
  const ofLists = `(${lists.map((list) => quoted(launchToken(list))).join(' OR ')})`
  return text === undefined ? ofLists : `${text} AND ${ofLists}`
}

const FTS5: IndexLanguage = {
  token: (text, isPrefix) => (isPrefix ? `${quoted(text)} *` : quoted(text)),
  all: (texts) => joined('AND', texts),
  any: (texts) => joined('OR', texts),
  without: (text, excluded) => `(${text} NOT ${excluded})`,
}

/** The deepest part comes first: FTS5 keeps what stands before a bracket until it is closed. */
function joined(operator: 'AND' | 'OR', texts: readonly string[]): string {
  const deepestFirst = texts.toSorted((a, b) => heldFor(b) - heldFor(a))
  return `(${deepestFirst.join(` ${operator} `)})`
}

/** FTS5's parser keeps at most 100 pieces of a text, and refuses it where there would be more. */
const MOST_HELD = 80

/** True if FTS5 can read it. Queries may be nested more than that. */
function isReadable(text: string): boolean {
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

function quoted(token: string): string {
  return `"${token}"`
}
