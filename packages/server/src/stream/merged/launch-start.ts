import { beginsLaunch, type Cursor, type Phase, START } from '@launchtail/client/protocol'
import type { Feed } from '../feed/feed.js'
import { cursorOf } from '../feed/item.js'

const PAGE = 200

/** The cursor before the list's newest launch, or the one so many launches back. */
export function startOfLaunch(feed: Feed, back: number): Promise<Cursor> {
  let left = back
  return lastBefore(feed, (phase, next) => {
    if (next !== undefined && beginsLaunch(phase, next)) left -= 1
    return left === 0
  })
}

/** The cursor before the newest entries that are all of this phase. */
export function startOfPhase(feed: Feed, wanted: Phase): Promise<Cursor> {
  return lastBefore(feed, (phase) => phase !== wanted)
}

/** The last entry that fits; `next` is the phase of the one after it. */
async function lastBefore(
  feed: Feed,
  fits: (phase: Phase, next: Phase | undefined) => boolean,
): Promise<Cursor> {
  let next: Phase | undefined
  for (let end = feed.length(); end > 0; ) {
    const items = await feed.readBefore(end, PAGE)
    if (items.length === 0) break
    for (const item of items.toReversed()) {
      if (!item.entry) continue
      if (fits(item.entry.phase, next)) return cursorOf(item)
      next = item.entry.phase
    }
    end -= items.length
  }
  return START
}
