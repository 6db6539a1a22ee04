import { createFiller } from './filler.js'
import { createPageReader, type PageReaderOptions } from './page-reader.js'
import { createPauses } from './pauses.js'
import type { Share } from './share.js'
import { createTaker } from './taker.js'

/** Brings what the lists have into the archive, off the append path. */
export interface Feeder {
  /** The node's list may have something that the archive has not. */
  mark(nodeId: string): void
  /**
   * Resolves when everything that was marked before is in the archive, or the newest of it: where lists have
   * many entries that the archive has not, the others are passed over and taken in later.
   */
  flush(what: 'newest' | 'all'): Promise<void>
  /** Takes in what was passed over. */
  fill(): Promise<void>
  /** Begins with that, and nobody waits for it. Called once the search is answered. */
  fillLater(): void
  /** The node was removed. What is on its way from its list is not stored any more. */
  forget(nodeId: string): void
  stop(): Promise<void>
}

export interface FeederOptions extends PageReaderOptions {
  share?: Share
  onFault: (message: string, error: unknown) => void
}

/** How long entries are collected, in milliseconds. A search has all that is there brought in first. */
const COLLECT = 2000
/** Lists that are read in a row. */
const LISTS = 32
/** Lists of which some entries are passed over at once: most of a busy fleet's have few. */
const MOST_PASSED = 256
/** How long the archive waits after a fault, such as a full disk. */
const FAULT_PAUSE = 5000
/** Entries that are stored in one transaction. */
const MOST = 2000

export function createFeeder({ share, onFault, ...options }: FeederOptions): Feeder {
  const reader = createPageReader(options)
  const marked = new Set<string>()
  let removals = 0
  let newestWanted = 0
  const pauses = createPauses(share)
  const { pauseAfter, without } = pauses
  const shared = { ...options, reader, pauses, removals: () => removals, most: MOST }
  const filler = createFiller({
    ...shared,
    onFault(error) {
      onFault('archiving logs', error)
      if (!timer && !round) plan(FAULT_PAUSE)
    },
  })
  const takeSome = createTaker({ ...shared, filler })
  let timer: NodeJS.Timeout | undefined
  let round: Promise<void> | undefined
  let stopped = false
  return { mark, flush, fill: filler.fill, fillLater: filler.fillLater, forget, stop }

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

  function flush(what: 'newest' | 'all'): Promise<void> {
    return without(async () => {
      if (what === 'newest') newestWanted += 1
      // A round that is under way may have passed a node already.
      const taken = Promise.resolve(round?.catch(() => {})).then(startRound)
      await taken.finally(() => {
        if (what === 'newest') newestWanted -= 1
      })
      if (what === 'all') await filler.fill()
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
        // The search for which something was passed over comes first.
        if (newestWanted === 0) filler.fillLater()
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
        const mayPass = newestWanted > 0 && left.length <= MOST_PASSED
        const isPassing = mayPass && !(await filler.hasHoles())
        const lists = isPassing ? MOST_PASSED : LISTS
        const more = await takeSome(left.slice(0, lists), isPassing)
        left = [...left.slice(lists), ...more]
        if (left.length > 0) await pauseAfter(performance.now() - begun, more.length > 0)
      }
    } catch (error) {
      for (const nodeId of left) marked.add(nodeId)
      // The thread may have stored something and ended before it could say so.
      reader.forget()
      filler.forget()
      throw error
    }
  }

  function forget(nodeId: string): void {
    removals += 1
    marked.delete(nodeId)
    reader.forget(nodeId)
  }

  async function stop(): Promise<void> {
    stopped = true
    clearTimeout(timer)
    await without(async () => Promise.allSettled([round, filler.stop()]))
  }
}
