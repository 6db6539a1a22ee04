import type { Heights } from './heights.js'

export interface MeasureOptions {
  /** Holds the rows that are drawn. */
  rows: HTMLElement
  heights: Heights
  /** The first row that is drawn. */
  first: number
  /** The offset of the upper edge of what is visible. */
  top: number
}

/** Notes the heights of the drawn rows. `above` is by how much the rows above the edge have grown. */
export function measure({ rows, heights, first, top }: MeasureOptions) {
  let row = first
  let offset = heights.offsetOf(first)
  let changed = false
  let above = 0
  for (const element of rows.children) {
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
