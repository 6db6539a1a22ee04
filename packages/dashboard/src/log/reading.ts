import { computed, signal } from '@preact/signals'
import { hrefOf, place, setQuery } from '../address.js'
import { copy } from '../parts/copy.js'
import type { Rows } from '../parts/VirtualRows.js'
import { textOf } from './LogLine.js'
import type { Line, Log } from './state.js'
import type { View } from './view.js'

export type Reading = ReturnType<typeof createReading>

/** Where the reader of a log is, and what can be done from there. */
export function createReading(log: Log, view: View, nodeId: string) {
  /** The list as it is drawn. */
  const rows: { current: Rows | null } = { current: null }
  /** The lines that the address names, from and to, by their index. */
  const chosen = computed(() => rangeOf(place.value.query.get('line')))
  const following = signal(chosen.peek() === undefined)
  /** How many lines there were when the reader left the end. */
  const left = signal(0)
  /** How many have come since. */
  const fresh = computed(() => (following.value ? 0 : Math.max(0, log.length.value - left.value)))
  /** Lines whose details are shown, by their index. */
  const open = signal<ReadonlySet<number>>(new Set())
  /** The row the keyboard is at; -1 for none. */
  const current = signal(-1)
  /** What was done, for a moment, in words. */
  const said = signal('')

  const stopFollowing = following.subscribe((follows) => {
    if (follows) rows.current?.end('last')
    else left.value = log.length.peek()
  })
  // Other lines are shown: what one was looking at stays, or what is next to it.
  let before = view.rows
  const stopReset = view.era.subscribe(() => {
    const looked = before[rows.current?.middle() ?? -1]
    before = view.rows
    current.value = -1
    if (looked && !following.peek()) rows.current?.show(view.rowOf(looked.index))
  })
  // A link to a line: it is shown as soon as it has come.
  let awaited = chosen.peek()?.[0]
  const stopAwaiting = view.changes.subscribe(() => {
    if (awaited === undefined) return
    const row = view.rowOf(awaited)
    if (row >= view.rows.length) return
    awaited = undefined
    left.value = log.length.peek()
    at(row)
  })

  return {
    rows,
    chosen,
    following,
    fresh,
    open,
    current,
    said,
    toLatest,
    toFirst,
    hit,
    move,
    fold,
    foldCurrent,
    choose,
    copyLines,
    copyLink,
    say,
    stop,
  }

  function toLatest(): void {
    current.value = -1
    following.value = true
  }

  function toFirst(): void {
    following.value = false
    current.value = 0
    rows.current?.end('first')
  }

  /** The next line that has what is searched for, or the one before. */
  function hit(by: 1 | -1): void {
    const row = view.step(by, here())
    if (row === undefined) return
    const line = view.rows[row] as Line
    // It may be among the details.
    if (!line.entry.message.toLowerCase().includes(view.needle.peek())) fold(line.index, true)
    at(row)
  }

  /** The row one is at, or looks at; the first for one who just follows. */
  function here(): number {
    if (current.peek() >= 0) return current.peek()
    return following.peek() ? 0 : (rows.current?.middle() ?? 0)
  }

  /** The line after the current one, or before it. */
  function move(by: 1 | -1): void {
    const from = current.peek() < 0 ? view.rows.length : current.peek()
    at(Math.max(0, Math.min(view.rows.length - 1, from + by)))
  }

  function at(row: number): void {
    if (row < 0) return
    following.value = false
    current.value = row
    rows.current?.show(row)
  }

  function fold(index: number, unfold = !open.peek().has(index)): void {
    const next = new Set(open.peek())
    if (unfold) next.add(index)
    else next.delete(index)
    open.value = next
  }

  function foldCurrent(): void {
    const line = view.rows[current.peek()]
    if (line) fold(line.index)
  }

  /** Puts a line into the address, or a range of lines up to it. */
  function choose(index: number, further: boolean): void {
    following.value = false
    current.value = view.rowOf(index)
    const from = further ? chosen.peek()?.[0] : undefined
    const range = from === undefined ? [index] : [Math.min(from, index), Math.max(from, index)]
    setQuery({ line: range.join('-') })
  }

  /** Copies the chosen lines, or all that are shown. */
  async function copyLines(): Promise<void> {
    const range = chosen.peek()
    const lines = range
      ? view.rows.filter(({ index }) => index >= range[0] && index <= range[1])
      : view.rows
    await copied(
      lines.map(textOf).join('\n'),
      lines.length === 1 ? '1 line' : `${lines.length} lines`,
    )
  }

  async function copyLink(): Promise<void> {
    const line = view.rows[current.peek()]
    const range = line ? String(line.index) : (place.peek().query.get('line') ?? '')
    const link = new URL(hrefOf(['nodes', nodeId], { line: range }), location.href)
    await copied(link.href, 'the link')
  }

  async function copied(text: string, what: string): Promise<void> {
    await copy(text).then(
      () => say(`Copied ${what}`),
      (error) => say((error as Error).message),
    )
  }

  function say(words: string): void {
    said.value = words
    setTimeout(() => {
      if (said.peek() === words) said.value = ''
    }, 3000)
  }

  function stop(): void {
    stopFollowing()
    stopReset()
    stopAwaiting()
  }
}

/** `7` or `7-12`, as an address has it. */
function rangeOf(text: string | null): readonly [number, number] | undefined {
  const match = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(text ?? '')
  if (!match) return undefined
  const from = Number(match[1])
  return [from, Number(match[2] ?? from)]
}
