import { ownTurn } from '../../async/turns.js'
import { checkOf } from '../../logs/check.js'
import { isAtEnd, type LogStore } from '../../logs/store.js'
import { NOTHING_YET, PAGE, type Page, type Reached } from './pages.js'
import type { ArchiveThread } from './thread.js'
import type { ToBeArchived } from './to-be-archived.js'

/** Reads from the lists what the archive does not have. */
export interface PageReader {
  /** Reads the next page of each list, until there are about as many entries as are wanted. */
  read(nodeIds: readonly string[], most: number): Promise<ReadPages>
  /** Reads the last page of each list that has much more, and the next one of the others. */
  readNewest(nodeIds: readonly string[]): Promise<ReadPages>
  /** Notes how far the archive has the page's list now. False if it did not take the page in. */
  note(page: Page, reached: Reached): boolean
  forget(nodeId?: string): void
}

export interface ReadPages {
  readonly pages: readonly Page[]
  /** The nodes that have more, or were not read. */
  readonly left: Set<string>
}

interface FoundPage {
  readonly page: Page
  readonly isLast: boolean
}

export interface PageReaderOptions {
  store: Pick<LogStore, 'read' | 'length'>
  thread: Pick<ArchiveThread, 'call'>
  toBeArchived: ToBeArchived
}

/** Entries that are read where some are passed over: they are taken in as one, in some 60 ms. */
const NEWEST = 16_000
/** Milliseconds of reading after which other work gets its turn. */
const SLICE = 2
/** Lists of which it is remembered how far the archive has them. */
const REMEMBERED = 10_000

export function createPageReader({ store, thread, toBeArchived }: PageReaderOptions): PageReader {
  const reached = new Map<string, Reached>()
  return { read, readNewest, note, forget }

  async function read(nodeIds: readonly string[], most: number): Promise<ReadPages> {
    await lookUp(nodeIds.slice(0, most))
    return readEach(nodeIds, most, next)
  }

  async function readNewest(nodeIds: readonly string[]): Promise<ReadPages> {
    await lookUp(nodeIds)
    return readEach(nodeIds, NEWEST, async (id) => (await last(id)) ?? next(id))
  }

  /** Asks the archive where it is with these lists, unless that is known. */
  async function lookUp(nodeIds: readonly string[]): Promise<void> {
    if (reached.size > REMEMBERED) reached.clear()
    const unknown = nodeIds.filter((nodeId) => !reached.has(nodeId))
    if (unknown.length === 0) return
    const known = await thread.call('reached', unknown)
    for (const [i, nodeId] of unknown.entries()) reached.set(nodeId, known[i] ?? NOTHING_YET)
  }

  /** The next entries of a list; undefined where there are none. */
  async function next(nodeId: string): Promise<FoundPage | undefined> {
    const { length: from, check } = reached.get(nodeId) ?? NOTHING_YET
    // With the last entry that the archive has, to know that the list is still the same.
    const texts = await store.read(nodeId, Math.max(0, from - 1), PAGE)
    if (from > 0 && (texts[0] === undefined || checkOf(texts[0]) !== check)) {
      if (texts.length === 0 && (await store.length(nodeId)) === 0) return undefined
      // It is shorter, or another entry is there: it has become another list.
      return begin(nodeId, { length: from, check })
    }
    const fresh = from === 0 ? texts : texts.slice(1)
    if (fresh.length === 0) return undefined
    const previous = from === 0 ? undefined : check
    const page = { nodeId, from, previous, ...(await toBeArchived(nodeId, fresh, from)) }
    return { page, isLast: isAtEnd(texts, PAGE) }
  }

  /** The first entries of a list that has come in the place of another one. */
  async function begin(nodeId: string, replaces: Reached): Promise<FoundPage | undefined> {
    const texts = await store.read(nodeId, 0, PAGE)
    if (texts.length === 0) return undefined
    const archived = await toBeArchived(nodeId, texts, 0)
    const page = { nodeId, from: 0, previous: undefined, replaces, ...archived }
    return { page, isLast: isAtEnd(texts, PAGE) }
  }

  /**
   * The last page of a list that has two more; undefined for others, and for one that is another list
   * now.
   */
  async function last(nodeId: string): Promise<FoundPage | undefined> {
    const { length: start, check } = reached.get(nodeId) ?? NOTHING_YET
    const from = (await store.length(nodeId)) - PAGE
    if (from - start <= PAGE) return undefined
    if (start > 0 && !(await hasAt(store, nodeId, { index: start - 1, check }))) return undefined
    const texts = await store.read(nodeId, from, PAGE)
    if (texts.length === 0) return undefined
    const previous = start === 0 ? undefined : check
    const passedOver = from - start
    const page = {
      nodeId,
      from,
      passedOver,
      previous,
      ...(await toBeArchived(nodeId, texts, from)),
    }
    return { page, isLast: isAtEnd(texts, PAGE) || texts.length === PAGE }
  }

  function note({ nodeId, from, texts }: Page, now: Reached): boolean {
    reached.set(nodeId, now)
    return now.length === from + texts.length
  }

  function forget(nodeId?: string): void {
    if (nodeId === undefined) reached.clear()
    else reached.delete(nodeId)
  }
}

/** Reads a page of each list, until there are about as many entries as are wanted. */
async function readEach(
  nodeIds: readonly string[],
  most: number,
  readOne: (nodeId: string) => Promise<FoundPage | undefined>,
): Promise<ReadPages> {
  const pages: Page[] = []
  const left = new Set(nodeIds)
  let count = 0
  let since = performance.now()
  for (const nodeId of nodeIds.slice(0, most)) {
    if (count >= most) break
    // A fleet has a thousand lists with something new, and an embedded store answers at once.
    if (performance.now() - since > SLICE) {
      await ownTurn()
      since = performance.now()
    }
    const found = await readOne(nodeId)
    if (!found || found.isLast) left.delete(nodeId)
    if (!found) continue
    pages.push(found.page)
    count += found.page.texts.length
  }
  return { pages, left }
}

/** True if the node's list has the entry with this check there. */
export async function hasAt(
  store: PageReaderOptions['store'],
  nodeId: string,
  { index, check }: { index: number; check: string },
): Promise<boolean> {
  const [text] = await store.read(nodeId, index, 1)
  return text !== undefined && checkOf(text) === check
}
