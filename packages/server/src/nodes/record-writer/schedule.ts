import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Pending } from './pending.js'

export interface ScheduleOptions {
  pending: Pending
  /** Stores what is pending of these nodes. */
  write: (nodeIds: readonly string[]) => Promise<void>
}

/**
 * Records in one transaction. A batch costs a fifth of what as many transactions would, and keeps
 * the database from others for some 5 ms.
 */
const BATCH = 32
/** How long news of a node is collected before its record is stored, in milliseconds. */
const COLLECT = 500
/**
 * The pause after a batch is nine times what the batch took, so that a fleet's records take an even
 * tenth of a core. There is no pause once news have waited for `LONGEST_WAIT` milliseconds. Whoever
 * asks for a record has what is pending of it stored first.
 */
const PAUSE_FACTOR = 9
const LONGEST_WAIT = 4000

/** Decides when pending news are stored. */
export function createSchedule({ pending, write }: ScheduleOptions) {
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> | undefined
  let flushing: Promise<void> | undefined
  return { soon, flush }

  /** Called after each append. A busy node's record is stored once for many of them. */
  function soon(): void {
    if (!writing) plan(COLLECT)
  }

  function plan(wait: number): void {
    if (timer) return
    timer = setTimeout(() => {
      timer = undefined
      writing = writeSome().finally(() => {
        writing = undefined
      })
    }, wait)
  }

  async function writeSome(): Promise<void> {
    const begun = performance.now()
    await write(pending.waitingSince(begun - COLLECT, BATCH))
    const oldest = pending.oldest()
    if (oldest === undefined) return
    const now = performance.now()
    const pause = now - oldest > LONGEST_WAIT ? 0 : PAUSE_FACTOR * (now - begun)
    plan(Math.max(pause, oldest + COLLECT - now))
  }

  async function flush(): Promise<void> {
    // A flush that is under way may have passed a node already, so a second one follows it. News
    // that come from now on are left to the next flush: with a busy fleet, this one would not end.
    await flushing
    flushing ??= writePending().finally(() => {
      flushing = undefined
    })
    await flushing
  }

  async function writePending(): Promise<void> {
    await writing
    const nodeIds = pending.nodeIds()
    for (let first = 0; first < nodeIds.length; first += BATCH) {
      // A fleet that moves at once has thousands of records to store. Others get their turn.
      if (first > 0) await nextTurn()
      await write(nodeIds.slice(first, first + BATCH))
    }
  }
}
