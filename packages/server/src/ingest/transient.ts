/** A state of a progress bar or spinner, which the next one replaces. */
export interface TransientLine {
  readonly text: string
  readonly spinner?: string
}

/** Progress bars and spinners become at most one entry in so many milliseconds. */
const EVERY = 500

/** Keeps the newest state of a progress bar until it is due. */
export function createTransient(due: () => void) {
  let waiting: TransientLine | undefined
  let shown: string | undefined
  let timer: NodeJS.Timeout | undefined
  return { keep, plan, take, show, drop, cancel }

  function keep(line: TransientLine): void {
    if (textOf(line).trim() !== '') waiting = line
  }

  /** Calls `due` in a while, if there is something to show then. */
  function plan(): void {
    if (waiting) timer ??= setTimeout(due, EVERY)
  }

  /** Called when it is due. Undefined if there is nothing, or nothing new. */
  function take(): TransientLine | undefined {
    timer = undefined
    const line = waiting
    waiting = undefined
    return line && textOf(line) !== shown ? line : undefined
  }

  /** The line is being shown: the same text is not shown again. */
  function show(line: TransientLine): void {
    shown = textOf(line)
  }

  function drop(): void {
    waiting = undefined
  }

  function cancel(): void {
    clearTimeout(timer)
    timer = undefined
    waiting = undefined
  }
}

function textOf({ text, spinner }: TransientLine): string {
  return spinner ?? text
}
