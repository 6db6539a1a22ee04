import type { Demand } from '@launchtail/client/query/indexing'

/**
 * The part of a demand that the index tells for less than it costs to look at the entries themselves; undefined for none
 * of it. A short prefix stands for thousands of words, and one call into the index goes through all of them, during which
 * no other search has its turn: ten of one letter took 0.7 s with a million entries.
 */
export function affordable(demand: Demand): Demand | undefined {
  return costOf(demand) <= MOST ? demand : withoutPrefixes(demand)
}

const MOST = 16
/** By their number of letters. */
const OF_SHORT: Readonly<Record<number, number>> = { 1: 8, 2: 4 }

/** What the prefixes in it cost, as a multiple of what one of three letters does. */
function costOf(demand: Demand): number {
  switch (demand.kind) {
    case 'word':
      return demand.isPrefix ? (OF_SHORT[demand.text.length] ?? 1) : 0
    case 'value':
      return 0
    case 'without':
      return costOf(demand.demand) + costOf(demand.excluded)
    default:
      return demand.of.reduce((sum, part) => sum + costOf(part), 0)
  }
}

function withoutPrefixes(demand: Demand): Demand | undefined {
  switch (demand.kind) {
    case 'word':
      return demand.isPrefix ? undefined : demand
    case 'value':
      return demand
    case 'all': {
      const of = demand.of.flatMap((part) => withoutPrefixes(part) ?? [])
      return of.length === 0 ? undefined : { kind: 'all', of }
    }
    case 'any': {
      const of = demand.of.flatMap((part) => withoutPrefixes(part) ?? [])
      return of.length < demand.of.length ? undefined : { kind: 'any', of }
    }
    case 'without': {
      const rest = withoutPrefixes(demand.demand)
      // What is excluded must be all of it, or too much would be.
      return rest && costOf(demand.excluded) === 0 ? { ...demand, demand: rest } : rest
    }
  }
}
