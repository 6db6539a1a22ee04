import { ownTurn } from '../../async/turns.js'
import type { LogStore } from '../../logs/store.js'
import type { AtHand } from './at-hand.js'
import { createGathered } from './gather.js'
import type { Item, ItemReader } from './item.js'
import { createReadAhead } from './read-ahead.js'

export interface ReadingOptions {
  nodeId: string
  store: Pick<LogStore, 'read' | 'readBefore' | 'isRemote'>
  atHand: AtHand
  read: Pick<ItemReader, 'page'>
  /** Counts the lists that have taken the place of another. */
  replacements: () => number
  /** True if there is more than one reader. */
  isShared: () => boolean
}

const PAGE = 500

/** Reads for those that are behind: from memory, or else from the store. */
export function createReading(options: ReadingOptions) {
  const { nodeId, store, atHand, replacements, isShared } = options
  const reads = new Map<string, Promise<Item[]>>()
  const gathered = createGathered({ atHand, replacements, isShared })
  const { base } = atHand
  const ahead = createReadAhead({ nodeId, store, base, replacements })
  return {
    read,
    readBefore,
    trim() {
      gathered.trim()
      ahead.drop()
    },
  }

  function read(from: number, limit: number): Item[] | Promise<Item[]> {
    return atHand.from(from, limit) ?? gathered.from(from, limit) ?? readStored(from, limit)
  }

  function readBefore(to: number, limit: number): Item[] | Promise<Item[]> {
    const from = Math.max(atHand.base(), to - limit)
    if (from < to) return atHand.from(from, to - from) ?? []
    return storedBefore(to, Math.min(limit, PAGE))
  }

  async function storedBefore(to: number, limit: number): Promise<Item[]> {
    const texts = await store.readBefore(nodeId, to, limit)
    const page = await options.read.page(to - texts.length, texts)
    await ownTurn()
    return page
  }

  /** The same, of which the entry that is at hand is framed already. */
  function inMemory(page: Item[], base: number): Item[] {
    const newest = page.at(-1)
    const [oldest] = newest?.index === base ? (atHand.from(base, 1) ?? []) : []
    return oldest && oldest.text === newest?.text ? [...page.slice(0, -1), oldest] : page
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
    // An embedded store answers at once; a long history must leave others their turn. It does so before
    // it reads: what is read is sent at once, and is young garbage.
    await ownTurn()
    const during = replacements()
    const oldest = base()
    // With the oldest entry at hand, to know that it is the same list.
    const most = from < oldest ? Math.min(limit, oldest - from + 1) : limit
    const texts = await ahead.read(from, most)
    const page = inMemory(await options.read.page(from, texts), oldest)
    gathered.add(from, page, during)
    return page.slice(0, limit)
  }
}
