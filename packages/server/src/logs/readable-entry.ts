import { detailsInLine, type LogEntry, plain } from '@launchtail/client/protocol'

/** An entry as one readable line. */
export function readableEntry({ timestamp, level, message, phase, progress, details }: LogEntry) {
  const percent = progress === undefined ? '' : ` ${Math.round(progress)}%`
  const shown = detailsInLine(details)
  const more = shown === undefined ? '' : ` (${onOneLine(shown)})`
  const head = `${timestamp} ${level.toUpperCase().padEnd(5)} [${phase}${percent}]`
  // Each on its own: an escape sequence must not reach from one into the other, and join a token.
  return `${head} ${onOneLine(message)}${more}`
}

/** Without line ends, and without what acts on a terminal. */
export function onOneLine(text: string): string {
  return plain(text.replace(/[\r\n\u0085\u2028\u2029]+/g, ' '))
}
