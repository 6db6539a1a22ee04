import { detailsInLine, type LogEntry, plain } from '@launchtail/client/protocol'

/** An entry as one readable line. */
export function readableEntry({ timestamp, level, message, phase, progress, details }: LogEntry) {
  const percent = progress === undefined ? '' : ` ${Math.round(progress)}%`
  const shown = detailsInLine(details)
  const more = shown === undefined ? '' : ` (${shown})`
  return onOneLine(
    `${timestamp} ${level.toUpperCase().padEnd(5)} [${phase}${percent}] ${message}${more}`,
  )
}

/** The values of an event's data, for a reader of text. */
export function readableData(data: Record<string, unknown>): string {
  return onOneLine(
    Object.values(data)
      .filter((value) => value !== '')
      .join(' '),
  )
}

function onOneLine(text: string): string {
  return plain(text.replace(/[\r\n\u0085\u2028\u2029]+/g, ' '))
}
