import type { Labels } from './counter.js'

/** How often values fell below each of some bounds, for each combination of labels. */
export interface Distribution<Label extends string = never> {
  observe(labels: Labels<Label>, value: number): void
  read(): { labels: Labels; value: Observed }[]
}

export interface Observed {
  /** For each bound, the number of values up to it. */
  readonly upTo: readonly (readonly [bound: number, count: number])[]
  readonly count: number
  readonly sum: number
}

interface Kept {
  readonly labels: Labels
  /** For each bound, the values above the one before it; last, those above all bounds. */
  readonly counts: number[]
  sum: number
}

/** The bounds are in ascending order. */
export function createDistribution<Label extends string>(
  bounds: readonly number[],
): Distribution<Label> {
  const byLabels = new Map<string, Kept>()
  return {
    observe(labels, value) {
      const key = JSON.stringify(labels)
      let kept = byLabels.get(key)
      if (!kept) {
        kept = { labels, counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 }
        byLabels.set(key, kept)
      }
      const above = bounds.findIndex((bound) => value <= bound)
      const place = above < 0 ? bounds.length : above
      kept.counts[place] = (kept.counts[place] ?? 0) + 1
      kept.sum += value
    },
    read: () =>
      [...byLabels.values()].map(({ labels, counts, sum }) => {
        let count = 0
        const upTo = bounds.map((bound, i) => {
          count += counts[i] ?? 0
          return [bound, count] as const
        })
        return { labels, value: { upTo, count: count + (counts[bounds.length] ?? 0), sum } }
      }),
  }
}
