import { signal } from '@preact/signals'

export type Folds = ReturnType<typeof createFolds>

/** Which lines show their details. */
export function createFolds() {
  /** The indexes of these lines. */
  const open = signal<ReadonlySet<number>>(new Set())
  return { open, toggle, unfold }

  function toggle(index: number): void {
    const next = new Set(open.peek())
    if (!next.delete(index)) next.add(index)
    open.value = next
  }

  function unfold(index: number): void {
    open.value = new Set(open.peek()).add(index)
  }
}
