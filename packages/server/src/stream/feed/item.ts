import { type Cursor, type LogEntry, START } from '@launchtail/client/protocol'
import { checkOf } from '../../logs/check.js'
import type { ReadText } from '../../logs/entry-text.js'
import { type EntryEventData, lastEventOf } from '../../logs/events.js'
import { type Context, inContext, type LookBack, readInContext } from '../../logs/in-context.js'

/** An entry of a watched list, parsed at most once in this process. */
export interface Item {
  readonly index: number
  readonly text: string
  readonly check: string
  /** Undefined where the text is no entry: another program wrote it. It is skipped. */
  readonly entry: LogEntry | undefined
  /** Framed once in each format that a reader asked for. */
  readonly frames: { [format in FormatName]?: EntryFrames } & { merged?: readonly EventPart[] }
}

export type FormatName = 'sse' | 'ndjson' | 'text'

/** An event of an entry in a stream of many nodes, without the id, which each reader has its own of. */
export interface EventPart {
  readonly event: EntryEventData['event']
  readonly text: string
}

/** An entry's events as they are written: the one that filters hide, and those that always come. */
export interface EntryFrames {
  readonly log: string
  readonly others: string
}

/** Reads the texts of a list as items, each parsed once. */
export interface ItemReader {
  /** One that follows an entry with this context. */
  next(index: number, text: string, before: Context): Item
  /** Those from an index on, where it is not known what they follow. */
  page(from: number, texts: readonly string[]): Promise<Item[]>
  /** The context of what follows these items, which begin at `from`. */
  contextAfter(items: readonly Item[], from: number): Promise<Context>
}

export interface ItemReaderOptions {
  nodeId: string
  readText: ReadText
  lookBack: LookBack
  onSkipped: () => void
}

export function itemReader({
  nodeId,
  readText,
  lookBack,
  onSkipped,
}: ItemReaderOptions): ItemReader {
  return {
    next(index, text, before) {
      const stored = readText(text, nodeId)
      return itemOf(index, text, stored && inContext(stored, before))
    },
    async page(from, texts) {
      const entries = await readInContext(texts, from, { readText, nodeId, lookBack })
      return texts.map((text, i) => itemOf(from + i, text, entries[i]))
    },
    contextAfter: async (items, from) =>
      items.findLast(({ entry }) => entry !== undefined)?.entry ?? (await lookBack(from)),
  }

  function itemOf(index: number, text: string, entry: LogEntry | undefined): Item {
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
