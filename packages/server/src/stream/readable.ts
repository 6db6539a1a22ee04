import { onOneLine } from '../logs/readable-entry.js'

/** The values of an event's data, for a reader of text. */
export function readableData(data: Record<string, unknown>): string {
  return Object.values(data)
    .filter((value) => value !== '')
    .map((value) => onOneLine(String(value)))
    .join(' ')
}
