import { type ReadonlySignal, signal } from '@preact/signals'
import type { Finder } from './finder.js'
import type { Line } from './line.js'

export interface Hits {
  /** The rows with a match, in order. */
  readonly rows: readonly number[]
  /** The hit the reader is at, as an offset in `rows`; -1 for none. */
  readonly at: ReadonlySignal<number>
  /** Forgets all hits. */
  reset(): void
  /** Looks through the rows that were added since. */
  scan(rows: readonly Line[], finder: Finder | undefined): void
  /** Goes to the next hit or the one before, from `row` where the reader is at none; its row. */
  step(by: 1 | -1, row: number): number | undefined
}

/** Where in the rows a search has found something. */
export function createHits(): Hits {
  const hits: number[] = []
  const at = signal(-1)
  let scanned = 0
  return { rows: hits, at, reset, scan, step }

  function reset(): void {
    hits.length = 0
    scanned = 0
    at.value = -1
  }

  function scan(rows: readonly Line[], finder: Finder | undefined): void {
    for (; scanned < rows.length; scanned += 1) {
      if (finder?.matches(rows[scanned] as Line)) hits.push(scanned)
    }
  }

  function step(by: 1 | -1, row: number): number | undefined {
    if (hits.length === 0) return undefined
    const current = at.peek()
    const next = current < 0 ? nearest(by, row) : current + by
    at.value = (next + hits.length) % hits.length
    return hits[at.value]
  }

  function nearest(by: 1 | -1, row: number): number {
    const found = hits.findIndex((hit) => hit >= row)
    const after = found < 0 ? hits.length : found
    return by === 1 ? after : after - 1
  }
}
