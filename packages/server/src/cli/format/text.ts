import { plain } from '@launchtail/client/protocol'

/** The text on one line, without control characters or escape sequences. */
export function oneLine(text: string): string {
  return plain(text.replace(/[\r\n]+/g, ' '))
}

/** At most that many characters, with an ellipsis in place of the rest. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(0, length - 1))}…`
}
