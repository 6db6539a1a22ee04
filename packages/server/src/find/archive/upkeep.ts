import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { WordIndex } from './index-words.js'
import type { Pace } from './pauses.js'
import type { Removal } from './removal.js'
import { TENTH } from './share.js'

/** The work that the archive's thread does in the background. */
export interface Upkeep {
  /** Something was taken in, at this pace. */
  grown(pace: Pace): void
  /** Something was taken out. */
  shrunk(): void
  /** Takes out what is over by now. Called before anything is looked for. */
  expire(): Promise<void>
  /** Resolves when nothing is left to do, with the time at which the next list is over. */
  rest(): Promise<number | undefined>
  stop(): Promise<void>
}

export interface UpkeepOptions {
  index: WordIndex
  removal: Removal
  now: () => number
  /** True while somebody waits for an export. */
  isHurried: () => boolean
  /** Called with the nodes whose oldest entries were removed for lack of room. */
  onRemoved: (nodeIds: readonly string[]) => void
  onFault: (error: unknown) => void
}

/** Entries that are indexed in one transaction: about 15 ms. Few at a time cost more each. */
const BATCH = 1000
/** A search looks through what is not indexed yet, so that may wait, in milliseconds. */
const INDEX_AFTER = 2000
const EXPIRE_EVERY = 60_000
/** The pause after a fault, in milliseconds: the storage may be away. */
const AGAIN_AFTER = 5000
/** The pause after a batch while an export or a search waits, in milliseconds: these get most of the time. */
const HURRY = 60
/** Milliseconds within which more comes at the same pace: `hurried` on a busy machine, `sparing` in a fleet. */
const SOON: Record<Pace, number> = { hurried: 250, sparing: 3000, even: 0 }

export function startUpkeep(options: UpkeepOptions): Upkeep {
  const { index, removal, now, isHurried, onRemoved, onFault } = options
  let stopped = false
  let working: Promise<void> | undefined
  let indexing: NodeJS.Timeout | undefined
  /** A process that was killed may have left some. */
  let hasRemoved = true
  let nextExpiry: number | undefined
  let pace: Pace = 'even'
  let paceUntil = 0
  const expiring = setInterval(() => void expire(), EXPIRE_EVERY)
  void expireAll()
  return { grown, shrunk, expire, rest, stop }

  function grown(newPace: Pace): void {
    pace = newPace
    paceUntil = now() + SOON[pace]
    nextExpiry = Math.min(nextExpiry ?? Number.POSITIVE_INFINITY, now() + removal.shortest)
    void soon()
  }

  async function soon(): Promise<void> {
    try {
      if ((await index.behind()) >= BATCH) await work(false)
      else if (!stopped) indexing ??= setTimeout(() => work(true), INDEX_AFTER)
    } catch (error) {
      onFault(error)
    }
  }

  function shrunk(): void {
    hasRemoved = true
    void work(false)
  }

  async function expire(): Promise<void> {
    if (nextExpiry !== undefined && nextExpiry <= now()) await expireAll()
  }

  async function expireAll(): Promise<void> {
    try {
      nextExpiry = await removal.expire(now())
      shrunk()
    } catch (error) {
      onFault(error)
    }
  }

  /** One after the other, and what else the thread does gets its turn in between. */
  async function work(isDue: boolean): Promise<void> {
    await working
    clearTimeout(indexing)
    indexing = undefined
    working ??= workOff(isDue)
      .catch((error) => {
        onFault(error)
        if (!stopped) indexing ??= setTimeout(() => work(true), AGAIN_AFTER)
      })
      .finally(() => {
        working = undefined
      })
    await working
  }

  async function workOff(isDue: boolean): Promise<void> {
    while (!stopped) {
      const begun = now()
      if (hasRemoved) hasRemoved = await removal.purge()
      else if ((await index.behind()) >= (isDue ? 1 : BATCH)) {
        await index.takeIn(BATCH)
        await makeFit()
      } else break
      await pauseAfter(now() - begun, isHurried() ? 'hurried' : now() < paceUntil ? pace : 'even')
    }
    if (!stopped && (await index.behind()) > 0)
      indexing ??= setTimeout(() => work(true), INDEX_AFTER)
  }

  async function makeFit(): Promise<void> {
    const nodes = await removal.makeFit()
    if (nodes.length === 0) return
    hasRemoved = true
    onRemoved(nodes)
  }

  async function rest(): Promise<number | undefined> {
    // Another server may have left some.
    hasRemoved = true
    await work(true)
    return nextExpiry
  }

  async function stop(): Promise<void> {
    stopped = true
    clearInterval(expiring)
    clearTimeout(indexing)
    await working
    clearTimeout(indexing)
  }
}

function pauseAfter(took: number, pace: Pace): Promise<void> {
  if (pace === 'sparing') return sleep(took * TENTH)
  // Piece by piece in turn with such a batch, whoever waits would wait several times as long.
  return pace === 'hurried' ? sleep(HURRY) : nextTurn()
}
