import type { AtHand } from './at-hand.js'
import type { Item } from './item.js'

/** Collects what readers take from the store, until it reaches the entries in memory and joins them. */
export interface Gathered {
  /** The entries from an index on, at most `limit`; undefined where these are not (all) here. */
  from(index: number, limit: number): Item[] | undefined
  /** Adds a page that was read when `replacements()` gave this number. */
  add(index: number, page: readonly Item[], replacements: number): void
  /** Gives up what would not fit into memory any more. */
  trim(): void
}

export interface GatheredOptions {
  atHand: Pick<AtHand, 'base' | 'from' | 'fits' | 'prepend'>
  /** Counts the lists that have taken the place of another. */
  replacements: () => number
}

/**
 * A reader that wants the whole of a list of the usual length will not be the last one. What it is sent
 * is kept, so it waits for no more than its own page.
 */
export function createGathered({ atHand, replacements }: GatheredOptions): Gathered {
  let start = 0
  let items: Item[] = []
  let list = 0
  return { from, add, trim }

  function from(index: number, limit: number): Item[] | undefined {
    const first = index - start
    // The last one alone leads no reader on: it has seen that one.
    if (list !== replacements() || first < 0 || first >= items.length - 1) return undefined
    return items.slice(first, first + limit)
  }

  function add(index: number, page: readonly Item[], during: number): void {
    if (during !== replacements() || page.length === 0) return
    trim()
    if (items.length === 0) {
      if (index >= atHand.base() || !atHand.fits(index)) return
      start = index
      list = during
    }
    const known = start + items.length - index
    if (index < start || known < 0 || known >= page.length) return
    items.push(...page.slice(known))
    if (start + items.length > atHand.base()) join()
  }

  function join(): void {
    const base = atHand.base()
    const [oldest] = atHand.from(base, 1) ?? []
    // Otherwise it is another list, as the feed will find out.
    if (oldest && items[base - start]?.text === oldest.text) {
      atHand.prepend(items.slice(0, base - start))
    }
    items = []
  }

  function trim(): void {
    if (items.length === 0) return
    if (list !== replacements() || !atHand.fits(start)) items = []
  }
}
