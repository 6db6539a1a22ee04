import type { Sample } from './samples.js'

/** How one thing was held: the median of the first third of the samples, and of the last. */
export interface Course {
  readonly what: string
  readonly first: number
  readonly last: number
  readonly isFlat: boolean
}

/**
 * By which part each may grow, and by how many beside: the collector has a rhythm of its own, and requests
 * are under way.
 */
const TOLERATED = {
  mebibytes: { part: 0.15, more: 0 },
  descriptors: { part: 0.1, more: 5 },
  timers: { part: 0.1, more: 5 },
} as const

/** Whether a process held as much at the end as before, in the samples that were taken after so many seconds. */
export function coursesOf(samples: readonly Sample[], after: number): Course[] {
  const settled = samples.filter(({ at }) => at >= after)
  const third = Math.floor(settled.length / 3)
  if (third === 0) throw new Error(`there are ${settled.length} samples after ${after} s: too few`)
  return Object.entries(TOLERATED).map(([what, { part, more }]) => {
    const values = settled.map((sample) => sample[what as keyof typeof TOLERATED])
    const first = median(values.slice(0, third))
    const last = median(values.slice(-third))
    return { what, first, last, isFlat: last <= first * (1 + part) + more }
  })
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] as number
}
