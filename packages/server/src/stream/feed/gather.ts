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
  /** True if there is more than one reader. */
  isShared: () => boolean
}

/**
 * What a reader is sent is kept for the others. It then outlives the collections of young garbage,
 * which makes a read a third slower, so a reader that is alone does not pay for it. Of what that one has
 * read only the last page is kept, for a write may take less than was read.
 */
export function createGathered({ atHand, replacements, isShared }: GatheredOptions): Gathered {
  let start = 0
  let items: Item[] = []
  let list = 0
  /** True if the items are kept for others, false if they are one reader's last page. */
  let forOthers = false
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
    const end = start + items.length
    const touches = items.length > 0 && index <= end && index + page.length >= start
    const isKept = isShared() && atHand.fits(touches ? Math.min(index, start) : index)
    if (!isKept || !(touches || forOthers)) {
      start = index
      items = [...page]
      list = during
    } else if (touches && index < start) {
      // A reader that came later, and began further back.
      items = [...page.slice(0, start - index), ...items]
      start = index
    } else if (touches) items.push(...page.slice(end - index))
    forOthers = isKept
    if (isKept && start + items.length > atHand.base()) join()
  }

  function join(): void {
    const base = atHand.base()
    const [oldest] = atHand.from(base, 1) ?? []
    // Otherwise it is another list, as the feed will find out.
    if (start < base && oldest && items[base - start]?.text === oldest.text) {
      atHand.prepend(items.slice(0, base - start))
    }
    drop()
  }

  function trim(): void {
    if (list !== replacements() || (forOthers && !atHand.fits(start))) drop()
  }

  function drop(): void {
    items = []
    forOthers = false
  }
}
