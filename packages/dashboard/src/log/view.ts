import { LEVELS, type Level } from '@launchtail/client/protocol'
import { computed, effect, signal } from '@preact/signals'
import type { Line, Log } from './state.js'

export interface Search {
  readonly text: string
  /** Lines without a match are left out; else matches are only marked. */
  readonly only: boolean
  /** This level and above. */
  readonly level: Level
}

export type View = ReturnType<typeof createView>

/**
 * Which lines of a log are shown, and which of these a search has found. All of it at once: 200,000
 * lines take some 30 ms, and a part of them would move what one is looking at.
 */
export function createView(log: Log) {
  const search = signal<Search>({ text: '', only: false, level: 'debug' })
  let rows: Line[] = []
  /** Rows with a match, in order. */
  const hits: number[] = []
  /** Grows whenever rows or hits were added. */
  const changes = signal(0)
  /** Grows when the rows are others. */
  const era = signal(0)
  /** The hit one is at: its place among `hits`; -1 for none. */
  const at = signal(-1)
  const needle = computed(() => search.value.text.toLowerCase())
  /** What decides which lines are rows. */
  const filter = computed(() => {
    const { level, only } = search.value
    return `${level} ${only ? needle.value : ''}`
  })
  let scanned = 0
  let searched = 0

  const stopFilter = effect(() => {
    void log.era.value
    void filter.value
    rows = []
    scanned = 0
    forgetHits()
    scan()
    era.value = era.peek() + 1
  })
  const stopSearch = effect(() => {
    void needle.value
    forgetHits()
    scan()
  })
  const stopScan = effect(() => {
    void log.length.value
    scan()
  })
  return {
    search,
    get rows(): readonly Line[] {
      return rows
    },
    hits,
    changes,
    era,
    at,
    needle,
    step,
    rowOf,
    stop,
  }

  function forgetHits(): void {
    hits.length = 0
    searched = 0
    at.value = -1
  }

  /** Takes in what was added to the log. */
  function scan(): void {
    const { only, level } = search.peek()
    const sought = needle.peek()
    const least = LEVELS.indexOf(level)
    for (; scanned < log.lines.length; scanned += 1) {
      const line = log.lines[scanned] as Line
      if (least > 0 && LEVELS.indexOf(line.entry.level) < least) continue
      if (only && !line.words.includes(sought)) continue
      rows.push(line)
    }
    for (; searched < rows.length; searched += 1) {
      if (sought !== '' && (rows[searched] as Line).words.includes(sought)) hits.push(searched)
    }
    changes.value = changes.peek() + 1
  }

  /** Goes to the next hit, or the one before; gives its row. From `row` where one is at none. */
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

  /** The row that shows a line of the node's list, or the next one after it. */
  function rowOf(index: number): number {
    let low = 0
    let high = rows.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((rows[middle] as Line).index < index) low = middle + 1
      else high = middle
    }
    return low
  }

  function stop(): void {
    stopFilter()
    stopSearch()
    stopScan()
  }
}
