import { type ReadonlySignal, signal } from '@preact/signals'

/** How long a status message is shown, in ms. */
const SHOWN = 3000

export interface Status {
  readonly text: ReadonlySignal<string>
  show(message: string): void
}

/** Says for a moment what was done, or what went wrong. */
export function createStatus(): Status {
  const text = signal('')
  return { text, show }

  function show(message: string): void {
    text.value = message
    setTimeout(() => {
      if (text.peek() === message) text.value = ''
    }, SHOWN)
  }
}
