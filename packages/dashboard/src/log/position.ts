import { computed, signal } from '@preact/signals'
import type { Rows } from '../parts/VirtualRows.js'
import { onLineWanted } from './chosen.js'
import type { Log } from './state.js'
import type { View } from './view.js'

export interface PositionOptions {
  log: Log
  view: View
  /** The index of a line to go to as soon as it has come; without it, the end is followed. */
  startAt: number | undefined
}

export type Position = ReturnType<typeof createPosition>

/** Where the reader of a log is: following its end, or at a row. */
export function createPosition({ log, view, startAt }: PositionOptions) {
  /** The list as it is drawn. */
  const rows: { current: Rows | null } = { current: null }
  const following = signal(startAt === undefined)
  /** How many lines there were when the reader stopped following. */
  const lengthAtStop = signal(0)
  /** How many have come since. */
  const newLines = computed(() =>
    following.value ? 0 : Math.max(0, log.length.value - lengthAtStop.value),
  )
  /** The row the keyboard is at; -1 for none. */
  const current = signal(-1)
  let awaited = startAt
  let before = view.rows
  const stops = [
    following.subscribe(onFollowing),
    view.era.subscribe(onEra),
    view.changes.subscribe(onChanges),
    onLineWanted(onWanted),
  ]
  return { rows, following, newLines, current, toLatest, toFirst, move, goTo, here, stop }

  function onFollowing(follows: boolean): void {
    if (follows) rows.current?.toEnd('last')
    else lengthAtStop.value = log.length.peek()
  }

  /** Other lines are shown: the one in the middle stays there, or its neighbour. */
  function onEra(): void {
    const middle = before[rows.current?.middle() ?? -1]
    before = view.rows
    current.value = -1
    if (middle && !following.peek()) rows.current?.show(view.rowOf(middle.index))
  }

  /** A line is asked for, from outside of the list. */
  function onWanted(index: number): void {
    if (view.isHidden(index)) view.showAll()
    awaited = index
    following.value = false
    onChanges()
  }

  function onChanges(): void {
    if (awaited === undefined) return
    const row = view.rowOf(awaited)
    if (row >= view.rows.length) return
    awaited = undefined
    lengthAtStop.value = log.length.peek()
    goTo(row)
  }

  function toLatest(): void {
    current.value = -1
    following.value = true
  }

  function toFirst(): void {
    following.value = false
    current.value = 0
    rows.current?.toEnd('first')
  }

  /** Goes to the row after the current one, or before it. */
  function move(by: 1 | -1): void {
    const from = current.peek() < 0 ? view.rows.length : current.peek()
    goTo(Math.max(0, Math.min(view.rows.length - 1, from + by)))
  }

  function goTo(row: number): void {
    if (row < 0) return
    following.value = false
    current.value = row
    rows.current?.show(row)
  }

  /** The row the reader is at or looks at; the first one for a reader who follows. */
  function here(): number {
    if (current.peek() >= 0) return current.peek()
    return following.peek() ? 0 : (rows.current?.middle() ?? 0)
  }

  function stop(): void {
    for (const stop of stops) stop()
  }
}
