import {
  constants,
  type NodeGCPerformanceDetail,
  type PerformanceEntry,
  PerformanceObserver,
} from 'node:perf_hooks'
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from 'node:v8'
import type { Worker } from 'node:worker_threads'

/**
 * Bytes in use after a full collection up to which the heap is to grow slowly. Where there is more, as with
 * 10,000 readers, a collection takes 200 ms of a single core, and there must not be more of them.
 */
const SMALL = 64_000_000
/** Percent by which a small heap grows until all of it is collected again, and where much is allocated. */
const GROWTH = { usual: 30, busy: 120 }
/**
 * Bytes allocated a second from which on a small heap may grow further, and its young generation to V8's own
 * limit. When entries come in as fast as they are taken it is 800 MB a second; a heap that grows by 30 % is
 * then collected whole three times a second, which takes a sixth of the process's time. Twenty readers at
 * 1 MB/s make 4 MB a second.
 */
const BUSY = 200_000_000
/** Bytes up to which a small heap's young generation is doubled otherwise: half of V8's own limit. */
const YOUNG = 17_000_000

/** What a thread of ours needs at most, so that V8 collects its garbage in time, too. In megabytes. */
export const THREAD_LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 128 }

/** Milliseconds that a pause counts for at most. */
const MOST_PAUSE = 1000

let isSlow = false
let isSmall = true
/** Milliseconds between the last collections of the young generation, the latest counting a tenth. */
let pause = MOST_PAUSE
let collectedAt = 0

/**
 * Has the process collect its garbage before there is more of it than there is of all else. V8 by itself
 * lets a heap of 35 MB become one of 110: twenty slow readers of a large log then took 100 to 130 MiB,
 * nearly all of it garbage.
 */
export function growHeapSlowly(): void {
  isSlow = true
  set()
  // While the server starts, no collection is reported.
  setFlagsFromString('--semi-space-growth-factor=1')
  new PerformanceObserver((list) => {
    const kinds = list.getEntries().map(kindOf)
    if (kinds.includes(constants.NODE_PERFORMANCE_GC_MAJOR)) {
      isSmall = getHeapStatistics().used_heap_size < SMALL
    }
    for (const entry of list.getEntries()) {
      if (kindOf(entry) === constants.NODE_PERFORMANCE_GC_MINOR) notePause(entry.startTime)
    }
    set()
  }).observe({ type: 'gc' })
}

/** V8 resets the growth of the young generation when a thread starts, and it would double at the next chance. */
export function growSlowlyBeside(thread: Worker): void {
  if (!isSlow) return
  const again = setInterval(set, 1)
  for (const event of ['online', 'exit']) thread.once(event, () => clearInterval(again))
}

/** After a rest, which is a long pause, it takes some thirty collections until the heap counts as busy. */
function notePause(startTime: number): void {
  const last = Math.min(startTime - collectedAt, MOST_PAUSE)
  pause = pause * 0.9 + last * 0.1
  collectedAt = startTime
}

function set(): void {
  const young = youngBytes()
  const isBusy = (young * 1000) / pause > BUSY
  const mayDouble = !isSmall || isBusy || young * 2 <= YOUNG
  // 0 leaves it to V8.
  const growth = isSmall ? (isBusy ? GROWTH.busy : GROWTH.usual) : 0
  setFlagsFromString(`--heap-growing-percent=${growth}`)
  setFlagsFromString(`--semi-space-growth-factor=${mayDouble ? 2 : 1}`)
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find((s) => s.space_name === 'new_space')?.space_size ?? 0
}

function kindOf(entry: PerformanceEntry): number | undefined {
  return (entry as PerformanceEntry & { readonly detail: NodeGCPerformanceDetail }).detail.kind
}
