import type { Signal } from '@preact/signals'
import type { HTMLAttributes, JSX } from 'preact'
import { useEffect, useLayoutEffect, useMemo } from 'preact/hooks'
import { createHeights, type Heights } from './heights.js'
import { createScroller } from './scroller.js'

/** So many rows beyond the visible ones are drawn, so that a quick scroll finds them there. */
const BEYOND = 8

/** What a list's owner may do with it. */
export interface Rows {
  /** Brings a row into the middle of what is visible. */
  show(row: number): void
  /** Scrolls to the first row, or to the last. */
  toEnd(end: 'first' | 'last'): void
  /** The row in the middle of what is visible. */
  middle(): number
}

export interface VirtualRowsProps {
  count: number
  /** Changes when the list is another one, or has other heights: the known heights are dropped. */
  version: string
  /** A row's height as far as it can be told before it is drawn, in pixels. */
  estimate: (row: number) => number
  /** A row, with a key. */
  children: (row: number) => JSX.Element
  /** Stays at the end while this is true; becomes false when the reader scrolls up. */
  following?: Signal<boolean>
  handle?: { current: Rows | null }
  /** Attributes of the box that scrolls. */
  box?: HTMLAttributes<HTMLDivElement> & { [name: `data-${string}`]: string | undefined }
}

/** A list that draws only the rows that are visible, in a box that scrolls. */
export function VirtualRows(props: VirtualRowsProps) {
  const { count, version, estimate, children, following, handle, box } = props
  const scroller = useMemo(createScroller, [])
  const heights = useMemo(createHeights, [version])
  while (heights.length < count) heights.push(estimate(heights.length))

  void scroller.redraws.value
  const { first, end } = rangeOf(heights, count, scroller.top.value, scroller.visible.value)

  useEffect(scroller.observeSize, [scroller])
  useLayoutEffect(() => scroller.settle({ heights, first, count, following }))
  if (handle) {
    handle.current = {
      show: scroller.show,
      toEnd: scroller.toEnd,
      middle: () => heights.rowAt(scroller.middle()),
    }
  }

  return (
    <div {...box} ref={scroller.box} onScroll={() => scroller.onScroll(following)}>
      <div role="presentation" style={{ height: `${heights.total}px` }}>
        <div
          ref={scroller.rows}
          role="presentation"
          style={{ transform: `translateY(${heights.offsetOf(first)}px)` }}
        >
          {Array.from({ length: end - first }, (_, i) => children(first + i))}
        </div>
      </div>
    </div>
  )
}

function rangeOf(heights: Heights, count: number, top: number, visible: number) {
  const first = Math.max(0, heights.rowAt(top) - BEYOND)
  return { first, end: Math.min(count, heights.rowAt(top + visible) + 1 + BEYOND) }
}
