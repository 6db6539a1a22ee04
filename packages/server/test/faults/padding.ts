/**
 * What is put behind each message, so that a server's memory of the newest entries is full within minutes. Readers
 * take it off as they keep what they have seen.
 */
const PADDING = ` ${'.'.repeat(700)}`

export const padded = (message: string) => message + PADDING

/** A message without it; one whose padding is not whole is left as it is. */
export function bare(message: string): string {
  return message.endsWith(PADDING) ? message.slice(0, -PADDING.length) : message
}
