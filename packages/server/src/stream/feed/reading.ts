import { setImmediate as nextTurn } from 'node:timers/promises'
import type { LogStore } from '../../logs/store.js'
import type { AtHand } from './at-hand.js'
import type { Item, ItemReader } from './item.js'

export interface ReadingOptions {
  nodeId: string
  store: Pick<LogStore, 'read' | 'readBefore'>
  atHand: AtHand
  read: Pick<ItemReader, 'page'>
  /** Counts the lists that have taken the place of another. */
  replacements: () => number
}

const PAGE = 500

/** Reads for those that are behind: from memory, or else from the store. */
export function createReading(options: ReadingOptions) {
  const { nodeId, store, atHand, replacements } = options
  const reads = new Map<string, Promise<Item[]>>()
  let extending: Promise<void> | undefined
  return { read, readBefore }

  function read(from: number, limit: number): Item[] | Promise<Item[]> {
    // A reader that wants the whole of a list of the usual length will not be the last one.
    if (from < atHand.base() && atHand.fits(from)) {
      extending ??= extend(from).finally(() => {
        extending = undefined
      })
      // The list may have changed meanwhile.
      return extending.then(() => atHand.from(from, limit) ?? readStored(from, limit))
    }
    return atHand.from(from, limit) ?? readStored(from, limit)
  }

  function readBefore(to: number, limit: number): Item[] | Promise<Item[]> {
    const from = Math.max(atHand.base(), to - limit)
    if (from < to) return atHand.from(from, to - from) ?? []
    return storedBefore(to, Math.min(limit, PAGE))
  }

  async function storedBefore(to: number, limit: number): Promise<Item[]> {
    const texts = await store.readBefore(nodeId, to, limit)
    const page = await options.read.page(to - texts.length, texts)
    await nextTurn()
    return page
  }

  /** Takes what is before the entries at hand into memory too. */
  async function extend(from: number): Promise<void> {
    const before = replacements()
    const base = atHand.base()
    const [oldest] = atHand.from(base, 1) ?? []
    const older: Item[] = []
    while (from + older.length < base) {
      const start = from + older.length
      // With the first entry at hand at the end, to know that it is the same list.
      const most = Math.min(PAGE, base - start + 1)
      const texts = await store.read(nodeId, start, most)
      if (texts.length === 0) return
      if (start + texts.length > base && texts.at(-1) !== oldest?.text) return
      older.push(...(await options.read.page(start, texts.slice(0, base - start))))
      await nextTurn()
      if (before !== replacements() || atHand.base() !== base) return
    }
    atHand.prepend(older)
  }

  /** Readers that ask for the same at once share one read. */
  function readStored(from: number, limit: number): Promise<Item[]> {
    const key = `${from} ${limit} ${atHand.version()}`
    const shared = reads.get(key)
    if (shared) return shared
    const reading = readPage(from, Math.min(limit, PAGE)).finally(() => reads.delete(key))
    reads.set(key, reading)
    return reading
  }

  async function readPage(from: number, limit: number): Promise<Item[]> {
    const texts = await store.read(nodeId, from, limit)
    const page = await options.read.page(from, texts)
    // An embedded store answers at once; a long history must leave others their turn.
    await nextTurn()
    return page
  }
}
