import { cursorOf } from '../feed/item.js'
import type { StreamObserver } from '../observer.js'
import { PAGE } from '../page.js'
import { load } from './load.js'
import { type Members, TooManyOpen } from './members.js'
import type { Place, Position } from './position.js'
import { moveTo } from './position.js'
import { createSettle, type SettleOptions } from './settle.js'
import { isLoaded, type Page, type Pages, type Step, show, timeOf } from './step.js'

/**
 * The one step of every reader of many logs, whether it is new, resumes, is behind, or gets what was
 * just appended together with all others: from a position, the next events and the position after them.
 *
 * Logs are merged by the time of their entries, where an entry counts as no earlier than those before
 * it in its log; so the order within a log is always the list's.
 */
export type Advance = (position: Position, pages: Pages) => Promise<Taken>

export interface Taken {
  readonly text: string
  /** False if the reader has all there is. */
  readonly more: boolean
  /** Why there is no more for now. What is in `text` was taken before. */
  readonly error?: unknown
}

export interface AdvanceOptions extends Omit<SettleOptions, 'hasEnd'> {
  /** Undefined for a fixed set of nodes. */
  members: Members | undefined
  /** False while nodes may still join; undefined for a stream without an end. */
  isWhole: (() => Promise<boolean>) | undefined
  observer: Pick<StreamObserver, 'gap'>
}

/** Entries that are read for a step, of all logs together, and of one. */
const READ = 1024
const LEAST = 2
const MOST = 256

export function createAdvance({ members, isWhole, ...options }: AdvanceOptions): Advance {
  const { settle, settleSet } = createSettle({ ...options, hasEnd: Boolean(isWhole) })
  const { until, observer } = options
  return async (position, pages) => {
    const step: Step = { position, pages, text: '' }
    try {
      const full = await join(step)
      const more = (await readOn(step)) || Boolean(members?.lacks(position) && !full)
      // There may be room as soon as this reader has read some launches to their end.
      return full && !more && step.text === '' ? { text: '', more, error: full } : { ...step, more }
    } catch (error) {
      return { text: step.text, more: true, error }
    }
  }

  /** Gives the error where there is no room for them all. */
  async function join(step: Step): Promise<TooManyOpen | undefined> {
    if (!members?.lacks(step.position)) return undefined
    try {
      step.text += await members.join(step.position)
      return undefined
    } catch (error) {
      if (error instanceof TooManyOpen) return error
      throw error
    }
  }

  /** True if there is more to send. */
  async function readOn(step: Step): Promise<boolean> {
    const { position, pages } = step
    const behind = new Set<Place>()
    for (const place of inOrder(position)) {
      if (place.source.isRemoved || isAtTip(place, position)) settle(step, place)
      else behind.add(place)
    }
    const limit = Math.min(MOST, Math.max(LEAST, Math.floor(READ / behind.size)))
    for (const place of [...behind]) await readMore(place)
    while (step.text.length <= PAGE && !position.rest) {
      const next = earliest(behind, pages)
      if (!next) break
      const [place, page] = next
      sendNext(step, place, page)
      if (!isLoaded(place, page)) await readMore(place)
    }
    const isOver = behind.size === 0 && position.places.size === 0
    if (isOver && (await isWhole?.()) && !members?.lacks(position)) settleSet(step)
    return behind.size > 0

    async function readMore(place: Place): Promise<void> {
      if (
        !place.source.isRemoved &&
        !isAtTip(place, position) &&
        !isLoaded(place, pages.get(place))
      ) {
        await load(step, place, { limit, until, observer })
      }
      if (!place.source.isRemoved && !isAtTip(place, position)) return
      behind.delete(place)
      settle(step, place)
    }
  }

  function sendNext(step: Step, place: Place, page: Page): void {
    const item = page.items[page.next]
    if (!item) return
    place.time = Math.max(place.time, page.time)
    show(step, place, item, { until })
    moveTo(step.position, place, cursorOf(item))
    page.next += 1
    const following = page.items[page.next]
    if (following) page.time = timeOf(following)
  }
}

/** The one that has the rest of an entry to send comes first. */
function inOrder({ places, rest }: Position): Place[] {
  const others = [...places.values()].filter((place) => place !== rest)
  return rest ? [rest, ...others] : others
}

/** True if all of the log was sent. */
function isAtTip(place: Place, { rest }: Position): boolean {
  const { source, cursor, list } = place
  return place !== rest && list === source.list && cursor.index + 1 === source.feed.length()
}

/** The place whose next entry is the earliest, and the page that has it. */
function earliest(places: ReadonlySet<Place>, pages: Pages): [Place, Page] | undefined {
  let best: [Place, Page] | undefined
  let bestTime = 0
  for (const place of places) {
    const page = pages.get(place)
    if (!isLoaded(place, page)) continue
    const time = Math.max(place.time, page.time)
    const isEarlier =
      time < bestTime || (time === bestTime && place.number < (best?.[0].number ?? 0))
    if (best && !isEarlier) continue
    best = [place, page]
    bestTime = time
  }
  return best
}
