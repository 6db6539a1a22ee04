import { type Signal, signal } from '@preact/signals'
import type { Heights } from './heights.js'
import { measure } from './measure.js'

/** No more than this is taken as visible, in pixels: it bounds what is drawn. */
const TALLEST = 4000
/** Where rows turn out taller than estimated, it takes a few attempts to reach one. */
const ATTEMPTS = 4

/** What is drawn now. */
export interface Drawn {
  heights: Heights
  /** The first row that is drawn. */
  first: number
  count: number
  following: Signal<boolean> | undefined
}

/** Keeps the scroll position of a list whose rows get their heights only when they are drawn. */
export function createScroller() {
  const box: { current: HTMLDivElement | null } = { current: null }
  const rows: { current: HTMLDivElement | null } = { current: null }
  const top = signal(0)
  const visible = signal(600)
  /** Grows when the rows must be drawn again. */
  const redraws = signal(0)
  /** The last position set by this code; any other is the reader's doing. */
  let own = 0
  /** The row to reach, while there are attempts left. */
  let target = 0
  let attempts = 0
  /** The offset in the middle of what is visible. */
  const middle = () => own + visible.peek() / 2
  return { box, rows, top, visible, redraws, observeSize, settle, show, toEnd, middle, onScroll }

  function observeSize(): () => void {
    const element = box.current as HTMLDivElement
    const observer = new ResizeObserver(() => {
      visible.value = Math.min(TALLEST, element.clientHeight)
    })
    observer.observe(element)
    return () => observer.disconnect()
  }

  /** After a drawing: takes the rows' heights, and scrolls to where the list is to be. */
  function settle({ heights, first, count, following }: Drawn): void {
    // Asking for heights makes the browser lay out the page at once, which is slow while it is new.
    if (count === 0 && own === 0) return
    const element = box.current as HTMLDivElement
    const { changed, above } = measure({
      rows: rows.current as HTMLDivElement,
      heights,
      first,
      top: own,
    })
    if (changed) redraws.value += 1
    if (following?.peek()) scrollTo(element.scrollHeight)
    else if (attempts > 0) aim(element, heights, Math.min(target, count))
    // What the reader looks at stays where it is.
    else if (above !== 0) scrollTo(element.scrollTop + above)
  }

  function aim(element: HTMLDivElement, heights: Heights, row: number): void {
    scrollTo(Math.max(0, heights.offsetOf(row) - element.clientHeight / 2))
    attempts -= 1
    redraws.value += 1
  }

  function show(row: number): void {
    target = row
    attempts = ATTEMPTS
    redraws.value += 1
  }

  function toEnd(end: 'first' | 'last'): void {
    attempts = 0
    scrollTo(end === 'first' ? 0 : (box.current as HTMLDivElement).scrollHeight)
  }

  function scrollTo(offset: number): void {
    const element = box.current as HTMLDivElement
    element.scrollTop = offset
    own = element.scrollTop
    top.value = element.scrollTop
  }

  /** The reader who scrolls up stops following; the one who reaches the end follows again. */
  function onScroll(following: Signal<boolean> | undefined): void {
    const element = box.current
    // The browser may tell of it when the page has left the log already.
    if (!element) return
    const moved = element.scrollTop - own
    own = element.scrollTop
    top.value = element.scrollTop
    if (!following || Math.abs(moved) < 1) return
    if (moved < 0) following.value = false
    else if (element.scrollHeight - element.scrollTop - element.clientHeight < 2) {
      following.value = true
    }
  }
}
