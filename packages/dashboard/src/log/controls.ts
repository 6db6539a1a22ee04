import type { ReadonlySignal } from '@preact/signals'
import { hrefOf, route } from '../address.js'
import { copy } from '../parts/copy.js'
import { choose, chosen } from './chosen.js'
import { createFolds } from './folds.js'
import { type Line, textOf } from './line.js'
import type { Naming } from './naming.js'
import { createPosition } from './position.js'
import type { Log } from './state.js'
import { createStatus } from './status.js'
import type { View } from './view.js'

export interface ControlsOptions {
  log: Log
  view: View
  nodeId: string
  naming: ReadonlySignal<Naming | undefined>
}

export type Controls = ReturnType<typeof createControls>

/** What the reader of a log can do, by key or by button. */
export function createControls({ log, view, nodeId, naming }: ControlsOptions) {
  const position = createPosition({ log, view, startAt: chosen.peek()?.[0] })
  const folds = createFolds()
  const status = createStatus()
  return {
    position,
    folds,
    status,
    step,
    toggleCurrent,
    chooseLine,
    nameCause,
    nameCurrent,
    copyLines,
    copyLink,
  }

  /** Goes to the next match of the search, or to the one before. */
  function step(by: 1 | -1): void {
    const row = view.hits.step(by, position.here())
    if (row === undefined) return
    const { entry, index } = view.rows[row] as Line
    // The match may be among the details.
    if (view.finder.peek()?.marks(entry.message).length === 0) folds.unfold(index)
    position.goTo(row)
  }

  /** Shows or hides the details of the current line. */
  function toggleCurrent(): void {
    const line = view.rows[position.current.peek()]
    if (line) folds.toggle(line.index)
  }

  function chooseLine(index: number, extend: boolean): void {
    position.following.value = false
    position.current.value = view.rowOf(index)
    choose(index, extend)
  }

  /** Says that a line made the launch fail. */
  async function nameCause(index: number): Promise<void> {
    const named = naming.peek()
    if (!named) return status.show('The launch has not failed')
    await named.name(index).then(
      () => status.show(`Line ${index + 1} is the cause now`),
      (error) => status.show((error as Error).message),
    )
  }

  /** The same of the line the keyboard is at, or the one that is chosen. */
  async function nameCurrent(): Promise<void> {
    const index = view.rows[position.current.peek()]?.index ?? chosen.peek()?.[0]
    if (index === undefined) status.show('Go to a line first, with j and k')
    else await nameCause(index)
  }

  /** Copies the chosen lines, or all that are shown. */
  async function copyLines(): Promise<void> {
    const range = chosen.peek()
    const lines = range
      ? view.rows.filter(({ index }) => index >= range[0] && index <= range[1])
      : view.rows
    const count = lines.length === 1 ? '1 line' : `${lines.length} lines`
    await copyAs(count, lines.map(textOf).join('\n'))
  }

  /** Copies a link to the current line, or to the chosen ones. */
  async function copyLink(): Promise<void> {
    const current = view.rows[position.current.peek()]
    const line = current ? `${current.index}` : (route.peek().query.get('line') ?? '')
    await copyAs('the link', new URL(hrefOf(['nodes', nodeId], { line }), location.href).href)
  }

  async function copyAs(name: string, text: string): Promise<void> {
    await copy(text).then(
      () => status.show(`Copied ${name}`),
      (error) => status.show((error as Error).message),
    )
  }
}
