import type { LogStore } from '../../logs/store.js'

/** Reads a list's texts from an index on, for readers that go on from the last text they were given. */
export interface ReadAhead {
  read(from: number, limit: number): Promise<string[]>
  /** Drops what nobody has asked for. */
  drop(): void
}

export interface ReadAheadOptions {
  nodeId: string
  store: Pick<LogStore, 'read' | 'isRemote'>
  /** The index of the oldest entry in memory, from which on nobody reads the store. */
  base: () => number
  /** Counts the lists that have taken the place of another. */
  replacements: () => number
  /** Texts that are read at once. */
  page: number
}

interface Page {
  readonly list: number
  readonly texts: Promise<string[]>
}

/** Pages that are read ahead at once, each for a reader at another place. */
const MOST = 4

/**
 * The next page is on its way while this one is read and framed: through Redis a long history takes a
 * third less time. A store in this process would only do the same work earlier.
 */
export function createReadAhead(options: ReadAheadOptions): ReadAhead {
  const { nodeId, store, base, replacements, page } = options
  const ahead = new Map<number, Page>()
  return { read, drop: () => ahead.clear() }

  async function read(from: number, limit: number): Promise<string[]> {
    const known = ahead.get(from)
    ahead.delete(from)
    const texts = await (known?.list === replacements()
      ? known.texts
      : store.read(nodeId, from, limit))
    // Two texts lead a reader on: the one it has seen, and the next.
    if (store.isRemote && texts.length > 1) readNext(from + texts.length - 1)
    return texts
  }

  function readNext(from: number): void {
    const limit = Math.min(page, base() - from + 1)
    if (limit < 2 || ahead.has(from)) return
    const [oldest] = ahead.keys()
    if (oldest !== undefined && ahead.size >= MOST) ahead.delete(oldest)
    const texts = store.read(nodeId, from, limit)
    // Whoever asks for it is told.
    texts.catch(() => {})
    ahead.set(from, { list: replacements(), texts })
  }
}
