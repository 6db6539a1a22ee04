import { computed, type ReadonlySignal } from '@preact/signals'
import { route, setQuery } from '../address.js'

/** From and to, by the lines' indexes. */
export type Range = readonly [from: number, to: number]

/** The lines that the address names. */
export const chosen: ReadonlySignal<Range | undefined> = computed(() =>
  rangeOf(route.value.query.get('line')),
)

const listeners = new Set<(index: number) => void>()

/** Calls back with each line that the log is asked to show, until the returned function is called. */
export function onLineWanted(listener: (index: number) => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

addEventListener('hashchange', () => {
  const [index] = rangeOf(route.peek().query.get('line')) ?? []
  if (index !== undefined) tellWanted(index)
})

/** Names a line in the address; with `extend`, all lines from the one that was chosen before. */
export function choose(index: number, extend: boolean): void {
  const from = extend ? (chosen.peek()?.[0] ?? index) : index
  const [first, last] = [Math.min(from, index), Math.max(from, index)]
  setQuery({ line: first === last ? `${first}` : `${first}-${last}` })
}

/** Names a line in the address and goes there, also where the address names it already. */
export function showLine(index: number): void {
  choose(index, false)
  tellWanted(index)
}

function tellWanted(index: number): void {
  for (const listener of listeners) listener(index)
}

/** `7` or `7-12`. */
function rangeOf(text: string | null): Range | undefined {
  const match = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(text ?? '')
  if (!match) return undefined
  const from = Number(match[1])
  return [from, Number(match[2] ?? from)]
}
