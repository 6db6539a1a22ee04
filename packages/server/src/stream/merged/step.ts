import {
  type Cursor,
  compareInstants,
  type Instant,
  parseInstant,
} from '@launchtail/client/protocol'
import { comesAfter } from '../../logs/events.js'
import type { Item } from '../feed/item.js'
import { isHidden } from '../page.js'
import { partsOf, withId } from './events.js'
import { idOf, moveTo, type Place, type Position } from './position.js'

/** One step of a reader: from its position on, the text to be sent so far. */
export interface Step {
  readonly position: Position
  readonly pages: Pages
  text: string
}

/** What was read of the logs and not sent yet. It lives as long as its reader takes text. */
export type Pages = Map<Place, Page>

export interface Page {
  readonly list: number
  readonly items: readonly Item[]
  /** The place in `items` of the entry that is next, and its time. */
  next: number
  time: number
}

/** True if the place's next entry is here. */
export function isLoaded({ source, cursor }: Place, page: Page | undefined): page is Page {
  return page?.list === source.list && page.items[page.next]?.index === cursor.index + 1
}

/** Sends an entry's events: those after `seen`, if some of them were seen. */
export function show(
  step: Step,
  place: Place,
  item: Item,
  { until, seen }: { until: Instant | undefined; seen?: Cursor['event'] },
): void {
  const { position } = step
  const { nodeId, filter } = place.source
  if (!item.entry || isHidden(item, place.history) || isLater(item, until)) return
  if (filter) position.scanned += 1
  for (const { event, text } of partsOf(nodeId, item)) {
    if (seen !== undefined && !comesAfter(event, seen)) continue
    if (event === 'log' && filter) {
      if (!filter.passes(item)) continue
      position.matched += 1
    }
    moveTo(position, place, { index: item.index, check: item.check, event })
    step.text += withId(text, idOf(position, place))
  }
}

/** True for an entry after the time at which the stream ends. */
export function isLater({ entry }: Item, until: Instant | undefined): boolean {
  const time = until && entry && parseInstant(entry.timestamp)
  return until !== undefined && time !== undefined && compareInstants(time, until) > 0
}

/** An entry's time in seconds. */
export function timeOf({ entry }: Item): number {
  const time = entry && parseInstant(entry.timestamp)
  return time ? time.seconds + time.nanos / 1e9 : Number.NEGATIVE_INFINITY
}
