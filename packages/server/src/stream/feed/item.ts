import { type Cursor, type LogEntry, START } from '@launchtail/client/protocol'
import { checkOf } from '../../logs/check.js'
import { lastEventOf } from '../../logs/events.js'

/** An entry of a watched list, parsed at most once in this process. */
export interface Item {
  readonly index: number
  readonly text: string
  readonly check: string
  /** Undefined where the text is no entry: another program wrote it. It is skipped. */
  readonly entry: LogEntry | undefined
  /** Framed once in each format that a reader asked for. */
  readonly frames: { [format in FormatName]?: EntryFrames }
}

export type FormatName = 'sse' | 'ndjson' | 'text'

/** An entry's events as they are written: the one that filters hide, and those that always come. */
export interface EntryFrames {
  readonly log: string
  readonly others: string
}

export type ReadItem = (index: number, text: string) => Item

/** Parses the texts of a list, once each. */
export function itemReader(
  readText: (text: string) => LogEntry | undefined,
  onSkipped: () => void,
): ReadItem {
  return (index, text) => {
    const entry = readText(text)
    if (!entry) onSkipped()
    return { index, text, check: checkOf(text), entry, frames: {} }
  }
}

/** The cursor of a reader that has seen everything up to and with an entry. */
export function cursorOf(item: Item | undefined): Cursor {
  if (!item) return START
  const event = item.entry ? lastEventOf(item.entry) : 'log'
  return { index: item.index, check: item.check, event }
}
