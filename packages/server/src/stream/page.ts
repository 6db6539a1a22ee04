import { compareInstants, parseInstant } from '@launchtail/client/protocol'
import { cursorOf, type Item } from './feed/item.js'
import { frameOf, restFrameOf } from './frames.js'
import type { Reader, ReaderPlan } from './reader.js'

/**
 * Characters of entries in one write to a reader that is behind; longer texts go out in several. Larger
 * ones would not be young garbage when they are sent: V8 lays texts of 128 KiB aside. As the number of
 * entries is rounded down, a page has half as many at least.
 */
export const PAGE = 112 * 1024

/**
 * Takes what a reader is sent in one write: the rest of the entry it has seen last, and entries after
 * it up to the tip. Moves its cursor on.
 */
export function takePage(reader: Reader, items: readonly Item[], tip: number): string {
  const { cursor, lowest, options } = reader
  const { format, filter } = reader.view
  let text = ''
  let last: Item | undefined
  for (const item of items) {
    // Newer entries come with the flush that is planned or under way.
    if (item.index > tip || text.length > PAGE) break
    last = item
    if (item.index < lowest) continue
    if (item.index === cursor.index) text += restFrameOf(format, filter, item, cursor)
    else if (!isHidden(item, options.history)) text += frameOf(format, filter, item)
  }
  if (last) reader.cursor = cursorOf(last)
  return text
}

/** True for an entry of the history that is not later than `since`. */
export function isHidden({ index, entry }: Item, history: ReaderPlan['history']): boolean {
  if (!history || index >= history.until || !entry) return false
  const time = parseInstant(entry.timestamp)
  return time !== undefined && compareInstants(time, history.since) <= 0
}
