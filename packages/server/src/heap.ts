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
/** Percent by which a small heap grows until all of it is collected again; 0 leaves it to V8. */
const GROWTH = 30
/** Bytes up to which a small heap's young generation is doubled: half of what V8 would let it become. */
const YOUNG = 17_000_000

/** What a thread of ours needs at most, so that V8 collects its garbage in time, too. In megabytes. */
export const THREAD_LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 128 }

let isSlow = false
let isSmall = true

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
    if (list.getEntries().some(isFull)) isSmall = getHeapStatistics().used_heap_size < SMALL
    set()
  }).observe({ type: 'gc' })
}

/** V8 resets the growth of the young generation when a thread starts, and it would double at the next chance. */
export function growSlowlyBeside(thread: Worker): void {
  if (!isSlow) return
  const again = setInterval(set, 1)
  for (const event of ['online', 'exit']) thread.once(event, () => clearInterval(again))
}

function set(): void {
  const isGrown = youngBytes() * 2 > YOUNG
  setFlagsFromString(`--heap-growing-percent=${isSmall ? GROWTH : 0}`)
  setFlagsFromString(`--semi-space-growth-factor=${isSmall && isGrown ? 1 : 2}`)
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find((s) => s.space_name === 'new_space')?.space_size ?? 0
}

function isFull(entry: PerformanceEntry): boolean {
  const { detail } = entry as PerformanceEntry & { readonly detail: NodeGCPerformanceDetail }
  return detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR
}
