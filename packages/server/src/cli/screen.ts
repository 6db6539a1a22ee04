import { createLogUpdate } from 'log-update'
import { oneLine } from './look.js'

/** Where the lines of logs go and, on a terminal, how far each launch is: below them. */
export interface Screen {
  /** Shows a line, above the rails. */
  line(text: string): void
  /** Says what is not of the log: on the other output, where that does not tear the rails. */
  note(text: string): void
  /** What stands at the bottom for a launch, drawn for each picture; nothing takes it away. */
  rail(of: string, draw: (() => string) | undefined): void
  /** Shows what is left, and takes the rails away. */
  end(): void
}

export interface ScreenOptions {
  out: NodeJS.WriteStream
  /** Whether rails are shown at all. */
  rails: boolean
}

/** Milliseconds between two pictures: more often is work that nobody sees. */
const REDRAW_EVERY = 40

/**
 * Lines that come together are written together: with a rail once per picture, without one as soon
 * as what has arrived is read.
 */
export function createScreen({ out, rails }: ScreenOptions): Screen {
  const update = createLogUpdate(out)
  const shown = new Map<string, () => string>()
  let lines = ''
  let isDue = false
  process.once('exit', end)
  return { line, note, rail, end }

  function line(text: string): void {
    lines += `${text}\n`
    soon()
  }

  function note(text: string): void {
    const words = `launchtail: ${oneLine(text)}`
    if (rails && process.stderr.isTTY) line(words)
    else process.stderr.write(`${words}\n`)
  }

  function rail(of: string, draw: (() => string) | undefined): void {
    if (!rails) return
    if (draw) shown.set(of, draw)
    else shown.delete(of)
    soon()
  }

  function soon(): void {
    if (isDue) return
    isDue = true
    if (rails) setTimeout(flush, REDRAW_EVERY)
    else setImmediate(flush)
  }

  function flush(): void {
    isDue = false
    if (lines !== '') {
      if (rails) update.clear()
      out.write(lines)
      lines = ''
    }
    if (shown.size > 0) update(Array.from(shown.values(), (draw) => draw()).join('\n'))
    else if (rails) update.clear()
  }

  function end(): void {
    process.off('exit', end)
    shown.clear()
    flush()
    if (rails) update.done()
  }
}
