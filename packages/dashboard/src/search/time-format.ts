let format: Intl.DateTimeFormat | undefined

/** A time in ms since 1970 with its day, as the reader's language writes it. */
export function timeFormat(at: number): string {
  if (Number.isNaN(at)) return '–'
  // One for all: making it takes a browser some milliseconds.
  format ??= new Intl.DateTimeFormat(undefined, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  return format.format(at)
}
