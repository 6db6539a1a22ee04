export interface LastMatchingOptions<Item, Match> {
  /** Reads at most `limit` items that end right before an index, oldest first. */
  readBefore: (to: number, limit: number) => readonly Item[] | Promise<readonly Item[]>
  /** The indexes to search: from the first, up to the second without it. */
  from: number
  to: number
  /** The number of matches wanted. */
  limit: number
  /** Gives the match for an item; undefined to pass over it. */
  match: (item: Item, index: number) => Match | undefined
}

const PAGE = 500
/** A filter that hides most entries should not cause many small reads. */
const MIN_PAGE = 100

/**
 * The last items of a list that match, oldest first. Read from the end, a page at a time, and no
 * further than needed: the cost does not grow with the list.
 */
export async function lastMatching<Item, Match>(
  options: LastMatchingOptions<Item, Match>,
): Promise<Match[]> {
  const { readBefore, from, to, limit, match } = options
  const pages: Match[][] = []
  let missing = limit
  for (let end = to; end > from && missing > 0; ) {
    const most = Math.min(PAGE, Math.max(missing, MIN_PAGE), end - from)
    const items = await readBefore(end, most)
    if (items.length === 0) break
    const start = end - items.length
    const page: Match[] = []
    for (let i = items.length - 1; i >= 0 && page.length < missing; i -= 1) {
      const matched = match(items[i] as Item, start + i)
      if (matched !== undefined) page.push(matched)
    }
    missing -= page.length
    pages.push(page.reverse())
    end = start
  }
  return pages.reverse().flat()
}
