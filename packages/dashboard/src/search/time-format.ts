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
    // `PM` would make the column a fifth wider.
    hourCycle: 'h23',
  })
  return format.format(at)
}

/** From a time to another, as the address has them; `…` for none. */
export function periodFormat(since: string, until: string): string {
  const at = (text: string) => (text === '' ? '…' : timeFormat(Date.parse(text)))
  return `${at(since)} – ${at(until)}`
}
