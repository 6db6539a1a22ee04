import type { Duty } from '../../database/duty.js'
import { createFiller } from './filler.js'
import { createMarks, type Marks } from './marks.js'
import { createPageReader, type PageReaderOptions } from './page-reader.js'
import { createPauses } from './pauses.js'
import { createRoundTimer } from './round-timer.js'
import type { Share } from './share.js'
import { createTaker } from './taker.js'

/** Brings what the lists have into the archive, off the append path. */
export interface Feeder {
  /** The node's list may have something that the archive has not. */
  mark(nodeId: string): void
  readonly marks: Pick<Marks, 'numbers' | 'clear'>
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
  /** Where several servers have one archive: true while it is this one that takes in what nobody waits for. */
  duty?: Pick<Duty, 'isOurs'> | undefined
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

export function createFeeder({ share, duty, onFault, ...options }: FeederOptions): Feeder {
  const reader = createPageReader(options)
  const isShared = duty !== undefined
  const marks = createMarks()
  const failed = (error: unknown) => onFault('archiving logs', error)
  let removals = 0
  let newestWanted = 0
  const pauses = createPauses(share)
  const { pauseAfter, without } = pauses
  const shared = { ...options, isShared, reader, pauses, removals: () => removals, most: MOST }
  const filler = createFiller({
    ...shared,
    onFault(error) {
      failed(error)
      if (!timer.isSet() && !round) timer.set(FAULT_PAUSE)
    },
  })
  const takeSome = createTaker({ ...shared, filler })
  const timer = createRoundTimer(startRound, { duty, onFault: failed })
  let round: Promise<void> | undefined
  let stopped = false
  return { mark, marks, flush, fill: filler.fill, fillLater: filler.fillLater, forget, stop }

  function mark(nodeId: string): void {
    marks.set(nodeId)
    if (!timer.isSet() && !round) timer.set(COLLECT)
  }

  function flush(what: 'newest' | 'all'): Promise<void> {
    return without(async () => {
      if (what === 'newest') newestWanted += 1
      // Another server may have taken something in, or passed something over.
      if (isShared) forgetAll()
      // A round that is under way may have passed a node already.
      const taken = Promise.resolve(round?.catch(() => {})).then(startRound)
      await taken.finally(() => {
        if (what === 'newest') newestWanted -= 1
      })
      if (what === 'all') await filler.fill()
    })
  }

  function startRound(): Promise<void> {
    timer.clear()
    let wait = COLLECT
    round ??= takeAll()
      .catch((error) => {
        wait = FAULT_PAUSE
        throw error
      })
      .finally(() => {
        round = undefined
        if (!marks.isEmpty()) timer.set(wait)
        // The search for which something was passed over comes first.
        if (newestWanted === 0) filler.fillLater()
      })
    return round
  }

  /** Marks that are set from now on are for the next round: with a busy fleet, this one would not end. */
  async function takeAll(): Promise<void> {
    let left = marks.take()
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
      for (const nodeId of left) marks.set(nodeId)
      // The thread may have stored something and ended before it could say so.
      forgetAll()
      throw error
    }
  }

  function forgetAll(): void {
    reader.forget()
    filler.forget()
  }

  function forget(nodeId: string): void {
    removals += 1
    marks.delete(nodeId)
    reader.forget(nodeId)
  }

  async function stop(): Promise<void> {
    stopped = true
    timer.stop()
    await without(async () => Promise.allSettled([round, filler.stop()]))
  }
}
