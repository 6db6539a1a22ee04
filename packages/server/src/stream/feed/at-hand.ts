import { NOT_LAUNCHED, type Phase } from '@launchtail/client/protocol'
import type { Context } from '../../logs/in-context.js'
import { foldEnd, type LaunchEnd } from '../../logs/launch-end.js'
import type { Item, ItemReader } from './item.js'

/** A list as this process knows it: its length, and its newest entries, without a hole. */
export interface AtHand {
  length(): number
  newest(): Item | undefined
  /** The phase of the newest entry; undefined where there is none. */
  phase(): Phase | undefined
  /** How the launch has ended, by all the list's entries; undefined while it goes on. */
  end(): LaunchEnd | undefined
  /** The index of the oldest entry in memory. */
  base(): number
  /** Changes whenever entries are added, so that a read can tell whether any were meanwhile. */
  version(): number
  /** The list is another one: these entries, from an index on. */
  reset(from: number, entries: Loaded): void
  append(texts: readonly string[]): void
  /** Adds the entries right before the oldest one in memory. */
  prepend(older: readonly Item[]): void
  /** True if texts that follow `previous` at this index follow the newest entry. */
  isContinuedBy(index: number, previous: string | undefined): boolean
  /** True if the texts from `index` on are of this list, judged by those in memory. */
  agrees(index: number, texts: readonly string[]): boolean
  /** Undefined where memory does not go back so far. */
  from(index: number, limit?: number): Item[] | undefined
  /** True if everything from an index on would fit into memory. */
  fits(from: number): boolean
  /** Drops what is more than its share of memory by now. */
  trim(): void
}

export interface Loaded {
  readonly items: readonly Item[]
  /** The context of what follows them. */
  readonly context: Context
  readonly end: LaunchEnd | undefined
}

export interface AtHandOptions {
  read: Pick<ItemReader, 'next'>
  /** The bytes of memory the entries may take. The newest entry is kept in any case. */
  share: () => number
}

/** The part of its share that stays in use when entries are dropped, or that a history may fill. */
const FILL = 0.75

export function createAtHand({ read, share }: AtHandOptions): AtHand {
  let items: Item[] = []
  let bytes = 0
  let length = 0
  let version = 0
  let context: Context = { ...NOT_LAUNCHED, timestamp: '' }
  let end: LaunchEnd | undefined
  return {
    length: () => length,
    newest: () => items.at(-1),
    phase: () => (length > 0 ? context.phase : undefined),
    end: () => end,
    base,
    version: () => version,
    reset(from, loaded) {
      items = [...loaded.items]
      bytes = 0
      for (const { text } of items) bytes += sizeOf(text)
      length = from + items.length
      context = loaded.context
      end = loaded.end
      version += 1
      trim()
    },
    append,
    prepend(older) {
      items = [...older, ...items]
      for (const { text } of older) bytes += sizeOf(text)
      version += 1
    },
    isContinuedBy: (index, previous) =>
      previous !== undefined && index === length && previous === (items.at(-1)?.check ?? '0'),
    agrees,
    from(index, limit) {
      const first = index - base()
      if (first < 0) return undefined
      return items.slice(first, limit === undefined ? undefined : first + limit)
    },
    fits(from) {
      const mean = items.length > 0 ? bytes / items.length : 0
      return bytes + (base() - from) * mean <= share() * FILL
    },
    trim,
  }

  function base(): number {
    return length - items.length
  }

  function append(texts: readonly string[]): void {
    for (const text of texts) {
      const item = read.next(length, text, context)
      items.push(item)
      if (item.entry) {
        context = item.entry
        end = foldEnd(end, item.entry)
      }
      bytes += sizeOf(text)
      length += 1
    }
    version += 1
    trim()
  }

  function trim(): void {
    const room = share()
    if (bytes <= room) return
    let drop = 0
    // Many at once, and never the newest, which shows where the list goes on.
    while (drop < items.length - 1 && bytes > room * FILL) {
      bytes -= sizeOf(items[drop]?.text ?? '')
      drop += 1
    }
    items = items.slice(drop)
  }

  function agrees(index: number, texts: readonly string[]): boolean {
    if (length === 0) return index === 0
    const first = base()
    const from = Math.max(index, first)
    const to = Math.min(length, index + texts.length)
    for (let i = from; i < to; i += 1) {
      if (items[i - first]?.text !== texts[i - index]) return false
    }
    return from < to
  }
}

/** An entry in memory: its text, parsed and framed, and the objects around it. */
function sizeOf(text: string): number {
  return text.length * 3 + 300
}
