import { LEVELS, type Level } from '@launchtail/client/protocol'
import type { LaunchFacts } from '@launchtail/client/query'
import { computed, effect, signal } from '@preact/signals'
import { type Finder, soughtBy } from './finder.js'
import { createHits } from './hits.js'
import { language } from './language.js'
import type { Line } from './line.js'
import type { Log } from './state.js'

export interface Search {
  /** A query, as it is typed. */
  readonly text: string
  /** Leaves out the lines without a match; otherwise matches are only marked. */
  readonly onlyMatches: boolean
  /** This level and above. */
  readonly level: Level
  /** Only what this rank wrote. */
  readonly rank: string | undefined
}

export type View = ReturnType<typeof createView>

/**
 * Which lines of a log are shown, and which of these a search has found. All of it at once: a part
 * of them would move what the reader looks at.
 */
export function createView(log: Log, launch: () => LaunchFacts | undefined) {
  const search = signal<Search>({
    ...{ text: '', onlyMatches: false, level: 'debug', rank: undefined },
  })
  const hits = createHits()
  let rows: Line[] = []
  /** How many lines of the log have been looked at. */
  let scanned = 0
  /** Grows whenever rows or hits were added. */
  const changes = signal(0)
  /** Grows when the rows are others. */
  const era = signal(0)
  const sought = computed(() => soughtBy(search.value.text, language.value, launch))
  const fault = computed(() => sought.value.fault)
  let understood: Finder | undefined
  /** While a query cannot be understood, the one before it stays. */
  const finder = computed(() => {
    if (!fault.value) understood = sought.value.finder
    return understood
  })
  /** Decides which lines are rows. */
  const filter = computed(() => {
    const { level, onlyMatches, rank } = search.value
    return { minimum: LEVELS.indexOf(level), only: onlyMatches ? finder.value : undefined, rank }
  })
  const filterKey = computed(() => {
    const { minimum, only, rank = '' } = filter.value
    return JSON.stringify([minimum, rank, only?.text])
  })

  const stops = [
    effect(() => {
      void log.era.value
      void filterKey.value
      rows = []
      scanned = 0
      hits.reset()
      scan()
      era.value = era.peek() + 1
    }),
    effect(() => {
      void finder.value
      hits.reset()
      scan()
    }),
    effect(() => {
      void log.length.value
      scan()
    }),
  ]
  return {
    search,
    get rows(): readonly Line[] {
      return rows
    },
    hits,
    changes,
    era,
    finder,
    /** What is wrong with the query; undefined where nothing is. */
    fault,
    /** The row that shows a line of the node's list, or the next one after it. */
    rowOf: (index: number) => rowOf(rows, index),
    /** True if the log has the line, and what is searched leaves it out. */
    isHidden: (index: number) => has(log.lines, index) && !has(rows, index),
    /** Leaves no line out. What is searched stays marked. */
    showAll() {
      search.value = { ...search.peek(), level: 'debug', onlyMatches: false, rank: undefined }
    },
    stop() {
      for (const stop of stops) stop()
    },
  }

  /** Takes in the lines that were added to the log. */
  function scan(): void {
    const { minimum, only, rank } = filter.peek()
    for (; scanned < log.lines.length; scanned += 1) {
      const line = log.lines[scanned] as Line
      if (minimum > 0 && LEVELS.indexOf(line.entry.level) < minimum) continue
      if (rank !== undefined && line.rank !== rank) continue
      if (!only || only.matches(line)) rows.push(line)
    }
    hits.scan(rows, finder.peek())
    changes.value = changes.peek() + 1
  }
}

function has(rows: readonly Line[], index: number): boolean {
  return rows[rowOf(rows, index)]?.index === index
}

function rowOf(rows: readonly Line[], index: number): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((rows[middle] as Line).index < index) low = middle + 1
    else high = middle
  }
  return low
}
