import { type Cursor, START, type StreamQuery } from '@launchtail/client/protocol'
import type { LogFilter } from '../find/log-filter.js'
import { passes } from '../logs/history.js'
import { lastMatching } from '../logs/last-matching.js'
import type { Feed } from './feed/feed.js'
import { cursorOf, type Item } from './feed/item.js'

/**
 * Where a new reader starts: before the first of the last `tail` entries that it wants to see, from the
 * index `lowest` on.
 */
export async function startOf(
  feed: Feed,
  { tail, since }: Pick<StreamQuery, 'tail' | 'since'>,
  filter: LogFilter | undefined,
  lowest = 0,
): Promise<Cursor> {
  if (tail === 0) return feed.tip()
  if (tail === Number.POSITIVE_INFINITY) return cursorBefore(feed, lowest)
  const end = feed.length()
  const [first] = await lastShown(feed, { tail, since }, filter, lowest)
  return cursorBefore(feed, first?.index ?? end)
}

/** The last `tail` entries that a new reader wants to see, oldest first. */
export function lastShown(
  feed: Feed,
  { tail, since }: Pick<StreamQuery, 'tail' | 'since'>,
  filter: LogFilter | undefined,
  lowest = 0,
): Promise<Item[]> {
  return lastMatching({
    readBefore: filter ? readPrepared : feed.readBefore,
    from: lowest,
    to: feed.length(),
    limit: tail,
    match: (item) =>
      item.entry && passes(item.entry, since, undefined) && (!filter || filter.passes(item))
        ? item
        : undefined,
  })

  async function readPrepared(to: number, limit: number) {
    const items = await feed.readBefore(to, limit)
    await filter?.prepare(items)
    return items
  }
}

/** The cursor of a reader that has seen everything before an index. */
export async function cursorBefore(feed: Feed, index: number): Promise<Cursor> {
  if (index === 0) return START
  const [before] = await feed.read(index - 1, 1)
  return cursorOf(before)
}
