import { createLogUpdate } from 'log-update'
import { oneLine } from './format/text.js'

/** Shows the lines of logs and, below them on a terminal, the progress of each launch. */
export interface Screen {
  /** Shows a line, above the progress. */
  line(text: string): void
  /** Shows a notice: on standard error, unless that would tear the progress apart. */
  note(text: string): void
  /** Sets what is drawn at the bottom for a launch. `undefined` removes it. */
  progress(of: string, draw: (() => string) | undefined): void
  /** Shows the remaining lines, and removes the progress. */
  end(): void
}

export interface ScreenOptions {
  out: NodeJS.WriteStream
  /** Shows progress at all. */
  hasProgress: boolean
}

/** Milliseconds between two redraws. More often is work that nobody sees. */
const REDRAW_EVERY = 40

/**
 * Lines that come together are written together: with progress at the next redraw, otherwise as
 * soon as everything that has arrived is read.
 */
export function createScreen({ out, hasProgress }: ScreenOptions): Screen {
  const update = createLogUpdate(out)
  const shown = new Map<string, () => string>()
  let lines = ''
  let isDue = false
  process.once('exit', end)
  return { line, note, progress, end }

  function line(text: string): void {
    lines += `${text}\n`
    soon()
  }

  function note(text: string): void {
    const words = `launchtail: ${oneLine(text)}`
    if (hasProgress && process.stderr.isTTY) line(words)
    else process.stderr.write(`${words}\n`)
  }

  function progress(of: string, draw: (() => string) | undefined): void {
    if (!hasProgress) return
    if (draw) shown.set(of, draw)
    else shown.delete(of)
    soon()
  }

  function soon(): void {
    if (isDue) return
    isDue = true
    if (hasProgress) setTimeout(flush, REDRAW_EVERY)
    else setImmediate(flush)
  }

  function flush(): void {
    isDue = false
    if (lines !== '') {
      if (hasProgress) update.clear()
      out.write(lines)
      lines = ''
    }
    if (shown.size > 0) update(Array.from(shown.values(), (draw) => draw()).join('\n'))
    else if (hasProgress) update.clear()
  }

  function end(): void {
    process.off('exit', end)
    shown.clear()
    flush()
    if (hasProgress) update.done()
  }
}
