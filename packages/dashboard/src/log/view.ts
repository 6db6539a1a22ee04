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

/** Lines that are looked at without giving the browser a moment. */
const SLICE = 20_000

/** Which lines of a log are shown, and which of these a search has found. */
export function createView(log: Log) {
  const search = signal<Search>({ text: '', only: false, level: 'debug' })
  const rows: Line[] = []
  /** Rows with a match, in order. */
  const hits: number[] = []
  /** Grows whenever rows or hits were added. */
  const changes = signal(0)
  /** Grows when they are others. */
  const era = signal(0)
  /** The hit one is at: its place among `hits`; -1 for none. */
  const at = signal(-1)
  const needle = computed(() => search.value.text.toLowerCase())
  let scanned = 0
  let more: ReturnType<typeof setTimeout> | undefined

  const stopReset = effect(() => {
    void log.era.value
    void search.value
    rows.length = 0
    hits.length = 0
    scanned = 0
    at.value = -1
    era.value = era.peek() + 1
    scan()
  })
  const stopScan = effect(() => {
    void log.length.value
    scan()
  })
  return { search, rows, hits, changes, era, at, needle, step, rowOf, stop }

  function scan(): void {
    clearTimeout(more)
    const { text, only, level } = search.peek()
    const sought = text.toLowerCase()
    const least = LEVELS.indexOf(level)
    const end = Math.min(log.lines.length, scanned + SLICE)
    for (; scanned < end; scanned += 1) {
      const line = log.lines[scanned] as Line
      if (least > 0 && LEVELS.indexOf(line.entry.level) < least) continue
      const hit = sought !== '' && line.words.includes(sought)
      if (only && sought !== '' && !hit) continue
      if (hit) hits.push(rows.length)
      rows.push(line)
    }
    changes.value = changes.peek() + 1
    if (scanned < log.lines.length) more = setTimeout(scan)
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
    stopReset()
    stopScan()
    clearTimeout(more)
  }
}
