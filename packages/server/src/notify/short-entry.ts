import { type LogEntry, shorten } from '@launchtail/client/protocol'

const MOST = 1000

/** An entry as a message has it. Thousands of messages may wait, and an entry may have 64 KiB. */
export function shortEntry({ message, details, ...entry }: LogEntry): LogEntry {
  return {
    ...entry,
    message: shorten(message, MOST),
    ...(details !== undefined && { details: shorten(details, MOST) }),
  }
}
