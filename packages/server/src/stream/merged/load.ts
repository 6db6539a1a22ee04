import { type Instant, START } from '@launchtail/client/protocol'
import { StorageUnavailable } from '../../errors.js'
import { cursorOf, type Item } from '../feed/item.js'
import { lostCursorGap } from '../gap.js'
import type { StreamObserver } from '../observer.js'
import { gapText, withId } from './events.js'
import { idOf, moveTo, type Place } from './position.js'
import { isLoaded, type Step, show, timeOf } from './step.js'

export interface LoadOptions {
  limit: number
  until: Instant | undefined
  observer: Pick<StreamObserver, 'gap'>
}

/**
 * Reads on in a log, from the entry seen last, to know that the list is still the one that was read. Where
 * it is not, the reader is told, and gets all of that node's log.
 */
export async function load(
  step: Step,
  place: Place,
  { limit, until, observer }: LoadOptions,
): Promise<void> {
  const { source } = place
  const { list } = source
  let items = await read(place, limit)
  if (!continues(place, items)) {
    // As far as the feed knows. It may not have heard of the entry that the reader has seen.
    await source.feed.sync()
    items = await read(place, limit)
  }
  if (source.list !== list || source.isRemoved) return
  if (continues(place, items)) take(step, place, items, until)
  else startOver(step, place, observer)
}

async function read({ source, cursor }: Place, limit: number): Promise<readonly Item[]> {
  const items = await source.feed.read(Math.max(0, cursor.index), limit)
  await source.filter?.prepare(items)
  return items
}

/** True if the items begin with the entry that was seen last. Its check may be cut short. */
function continues({ cursor }: Place, [seen]: readonly Item[]): boolean {
  return cursor.index < 0 || (seen?.check.startsWith(cursor.check) ?? false)
}

function take(step: Step, place: Place, items: readonly Item[], until: Instant | undefined): void {
  const { position, pages } = step
  const next = place.cursor.index < 0 ? 0 : 1
  const [seen] = items
  if (next === 1 && seen) {
    place.time = Math.max(place.time, timeOf(seen))
    // The rest of an entry comes before all else: an id tells of one such entry.
    if (position.rest === place) {
      position.rest = undefined
      show(step, place, seen, { until, seen: place.cursor.event })
    }
    moveTo(position, place, cursorOf(seen))
  }
  place.list = place.source.list
  const first = items[next]
  const time = first ? timeOf(first) : 0
  const page = { list: place.list, items, next, time }
  pages.set(place, page)
  if (!isLoaded(place, page) && place.cursor.index + 1 < place.source.feed.length()) {
    throw new StorageUnavailable('the log cannot be read on')
  }
}

function startOver(step: Step, place: Place, observer: LoadOptions['observer']): void {
  const { position } = step
  const { feed, nodeId, list } = place.source
  const gap = lostCursorGap(place.cursor, feed.length())
  observer.gap(gap.reason)
  if (position.rest === place) position.rest = undefined
  place.list = list
  place.time = Number.NEGATIVE_INFINITY
  moveTo(position, place, START)
  step.text += withId(gapText(gap, nodeId), idOf(position))
}
