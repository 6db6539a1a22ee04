import { createPageReader, type PageReaderOptions } from './page-reader.js'
import { NOTHING_YET } from './pages.js'
import { createPauses } from './pauses.js'
import { createShare } from './share.js'

/** Brings what the lists have into the archive, off the append path. */
export interface Feeder {
  /** The node's list may have something that the archive has not. */
  mark(nodeId: string): void
  /** Resolves when everything that was marked before is in the archive. */
  flush(): Promise<void>
  /** The node was removed. What is on its way from its list is not stored any more. */
  forget(nodeId: string): void
  stop(): Promise<void>
}

export interface FeederOptions extends PageReaderOptions {
  onFault: (message: string, error: unknown) => void
}

/** How long entries are collected, in milliseconds. A search has all that is there brought in first. */
const COLLECT = 2000
/** Lists that are read in a row. */
const LISTS = 32
/** How long the archive waits after a fault, such as a full disk. */
const FAULT_PAUSE = 5000
/** Entries that are stored in one transaction. */
const MOST = 2000

export function createFeeder({ onFault, ...options }: FeederOptions): Feeder {
  const { thread } = options
  const reader = createPageReader(options)
  const marked = new Set<string>()
  let removals = 0
  const { pause, isHurried, without } = createPauses()
  const share = createShare()
  let timer: NodeJS.Timeout | undefined
  let round: Promise<void> | undefined
  let stopped = false
  return { mark, flush, forget, stop }

  function mark(nodeId: string): void {
    marked.add(nodeId)
    if (!timer && !round) plan(COLLECT)
  }

  function plan(wait: number): void {
    if (stopped) return
    timer = setTimeout(() => {
      startRound().catch((error) => onFault('archiving logs', error))
    }, wait).unref()
  }

  function flush(): Promise<void> {
    return without(async () => {
      // A round that is under way may have passed a node already.
      await round?.catch(() => {})
      await startRound()
    })
  }

  function startRound(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    let wait = COLLECT
    round ??= takeAll()
      .catch((error) => {
        wait = FAULT_PAUSE
        throw error
      })
      .finally(() => {
        round = undefined
        if (marked.size > 0) plan(wait)
      })
    return round
  }

  /** Marks that are set from now on are for the next round: with a busy fleet, this one would not end. */
  async function takeAll(): Promise<void> {
    let left = [...marked]
    marked.clear()
    try {
      while (left.length > 0 && !stopped) {
        const begun = performance.now()
        const more = await takeSome(left.slice(0, LISTS))
        left = [...left.slice(LISTS), ...more]
        const took = performance.now() - begun
        if (left.length > 0) await pause(share.pauseAfter(took, more.length > 0))
      }
    } catch (error) {
      for (const nodeId of left) marked.add(nodeId)
      // The thread may have stored something and ended before it could say so.
      reader.forget()
      throw error
    }
  }

  /** Takes in about as much as fits into a transaction. Returns the nodes that have more. */
  async function takeSome(nodeIds: readonly string[]): Promise<string[]> {
    const before = removals
    const { pages, left } = await reader.read(nodeIds, MOST)
    // What was read may be of a node that is gone, or of one before the node that has its id now.
    if (removals !== before) return [...nodeIds]
    const reached = pages.length > 0 ? await thread.call('takeIn', pages, isHurried()) : []
    for (const [i, page] of pages.entries()) {
      if (!reader.note(page, reached[i] ?? NOTHING_YET)) left.add(page.nodeId)
    }
    return [...left]
  }

  function forget(nodeId: string): void {
    removals += 1
    marked.delete(nodeId)
    reader.forget(nodeId)
  }

  async function stop(): Promise<void> {
    stopped = true
    clearTimeout(timer)
    await without(async () => round?.catch(() => {}))
  }
}
