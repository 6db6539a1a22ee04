import { type Signal, useSignal } from '@preact/signals'
import type { HTMLAttributes, JSX, RefObject } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { createHeights, type Heights } from './heights.js'

/** So many rows beyond what can be seen are drawn, so that a quick scroll finds them there. */
const BEYOND = 8
/** No more than this is taken for seen, in pixels: it bounds what is drawn. */
const TALLEST = 4000
/** Where rows turn out higher than estimated, a place is reached after a few attempts. */
const ATTEMPTS = 4

/** What a list's owner may do with it. */
export interface Rows {
  /** Brings a row into the middle of what is seen. */
  show(row: number): void
  /** Scrolls to the first row, or to the last. */
  end(where: 'first' | 'last'): void
  /** The row in the middle of what is seen. */
  middle(): number
}

export interface VirtualRowsProps {
  count: number
  /** Changes where it is another list, or has other heights: what is known of them is forgotten. */
  version: string
  /** A row's height as far as one can tell before it is drawn, in pixels. */
  estimate: (row: number) => number
  /** A row, with a key. */
  children: (row: number) => JSX.Element
  /** Stays at the end while this is true; becomes false when the reader scrolls up. */
  following?: Signal<boolean>
  handle?: RefObject<Rows | null>
  /** Attributes of the box that scrolls. */
  box?: HTMLAttributes<HTMLDivElement> & { [name: `data-${string}`]: string | undefined }
}

/** A list that draws only the rows that can be seen, in a box that scrolls. */
export function VirtualRows({
  count,
  version,
  estimate,
  children,
  following,
  handle,
  box: attributes,
}: VirtualRowsProps) {
  const box = useRef<HTMLDivElement>(null)
  const drawn = useRef<HTMLDivElement>(null)
  const top = useSignal(0)
  const seen = useSignal(600)
  const again = useSignal(0)
  /** Where it was last scrolled to by this code; any other place is the reader's doing. */
  const own = useRef(0)
  const target = useRef<{ row: number; attempts: number } | undefined>(undefined)
  const heights = useMemo(createHeights, [version])
  while (heights.length < count) heights.push(estimate(heights.length))

  void again.value
  const { first, end } = rangeOf(heights, count, top.value, seen.value)

  useEffect(() => {
    const element = box.current as HTMLDivElement
    const observer = new ResizeObserver(() => {
      seen.value = Math.min(TALLEST, element.clientHeight)
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [seen])

  useLayoutEffect(() => {
    // To ask for heights has the browser lay the page out at once, which is slow while it is new.
    if (count === 0 && own.current === 0) return
    const element = box.current as HTMLDivElement
    const { changed, above } = measure(drawn.current as HTMLDivElement, heights, first, own.current)
    if (changed) again.value += 1
    if (following?.peek()) scroll(element.scrollHeight)
    else if (target.current) aim(element)
    // What the reader looks at stays where it is.
    else if (above !== 0) scroll(element.scrollTop + above)
  })

  if (handle) {
    handle.current = {
      show(row) {
        target.current = { row, attempts: ATTEMPTS }
        again.value += 1
      },
      end(where) {
        target.current = undefined
        scroll(where === 'first' ? 0 : (box.current as HTMLDivElement).scrollHeight)
      },
      middle: () => heights.rowAt(own.current + seen.peek() / 2),
    }
  }

  return (
    <div {...attributes} ref={box} onScroll={onScroll}>
      <div role="presentation" style={{ height: `${heights.total}px` }}>
        <div
          ref={drawn}
          role="presentation"
          style={{ transform: `translateY(${heights.offsetOf(first)}px)` }}
        >
          {Array.from({ length: end - first }, (_, i) => children(first + i))}
        </div>
      </div>
    </div>
  )

  function aim(element: HTMLDivElement): void {
    const { row, attempts } = target.current as { row: number; attempts: number }
    scroll(Math.max(0, heights.offsetOf(Math.min(row, count)) - element.clientHeight / 2))
    target.current = attempts > 1 ? { row, attempts: attempts - 1 } : undefined
    again.value += 1
  }

  function scroll(to: number): void {
    const element = box.current as HTMLDivElement
    element.scrollTop = to
    own.current = element.scrollTop
    top.value = element.scrollTop
  }

  function onScroll(): void {
    const element = box.current as HTMLDivElement
    const moved = element.scrollTop - own.current
    own.current = element.scrollTop
    top.value = element.scrollTop
    if (!following || Math.abs(moved) < 1) return
    if (moved < 0) following.value = false
    else if (element.scrollHeight - element.scrollTop - element.clientHeight < 2) {
      following.value = true
    }
  }
}

function rangeOf(heights: Heights, count: number, top: number, seen: number) {
  const first = Math.max(0, heights.rowAt(top) - BEYOND)
  return { first, end: Math.min(count, heights.rowAt(top + seen) + 1 + BEYOND) }
}

/** Takes the heights of the drawn rows; tells by how much those above `top` have grown. */
function measure(drawn: HTMLDivElement, heights: Heights, first: number, top: number) {
  let row = first
  let offset = heights.offsetOf(first)
  let changed = false
  let above = 0
  for (const element of drawn.children) {
    const height = element.getBoundingClientRect().height
    const grown = heights.set(row, height)
    if (Math.abs(grown) > 0.01) {
      changed = true
      if (offset < top) above += grown
    }
    offset += height
    row += 1
  }
  return { changed, above }
}
