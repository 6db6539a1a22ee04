/**
 * The heights of a long list's rows. Most are only estimated until they are drawn. Rows are kept in
 * blocks with their sums: adding a row costs the same however long the list is, and finding an offset
 * takes a few hundred additions.
 */
export interface Heights {
  readonly length: number
  readonly total: number
  push(height: number): void
  /** Sets a row's height; returns by how much it has grown. */
  set(row: number, height: number): number
  /** Where a row begins. */
  offsetOf(row: number): number
  /** The row at an offset; beyond the end, the last one. */
  rowAt(offset: number): number
}

const BLOCK = 512

export function createHeights(): Heights {
  let heights = new Float32Array(BLOCK)
  const sums: number[] = []
  let length = 0
  let total = 0
  return {
    get length() {
      return length
    },
    get total() {
      return total
    },
    push,
    set,
    offsetOf,
    rowAt,
  }

  function push(height: number): void {
    if (length === heights.length) {
      const larger = new Float32Array(length * 2)
      larger.set(heights)
      heights = larger
    }
    if (length % BLOCK === 0) sums.push(0)
    length += 1
    set(length - 1, height)
  }

  function set(row: number, height: number): number {
    const before = heights[row] as number
    heights[row] = height
    // The difference of the stored values, which are rounded, so that the sums stay exact.
    const grown = (heights[row] as number) - before
    sums[Math.floor(row / BLOCK)] = (sums[Math.floor(row / BLOCK)] as number) + grown
    total += grown
    return grown
  }

  function offsetOf(row: number): number {
    const block = Math.floor(row / BLOCK)
    let offset = 0
    for (let i = 0; i < block; i += 1) offset += sums[i] as number
    for (let i = block * BLOCK; i < row; i += 1) offset += heights[i] as number
    return offset
  }

  function rowAt(offset: number): number {
    let left = offset
    let block = 0
    for (; block < sums.length - 1 && left >= (sums[block] as number); block += 1) {
      left -= sums[block] as number
    }
    let row = block * BLOCK
    for (; row < length - 1 && left >= (heights[row] as number); row += 1) {
      left -= heights[row] as number
    }
    return row
  }
}
