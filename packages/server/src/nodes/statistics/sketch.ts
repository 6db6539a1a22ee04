/** Counts values and gives their quantiles, each within 1 % of the value that has this rank. */
export interface Sketch {
  readonly count: number
  /** Whoever adds a value to many sketches gives its bin, too: that is most of the work. */
  add(value: number, bin?: number): void
  /** The value that this percentage of them do not exceed; 0 where there are none. */
  percentile(percent: number): number
}

const ACCURACY = 0.01
const GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
const PER_BIN = 1 / Math.log(GAMMA)

/**
 * A value is counted in the bin of its logarithm, so time and memory do not depend on how many there
 * are. From: Masson, Rim and Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with
 * Relative-Error Guarantees", VLDB 2019.
 */
export function createSketch(): Sketch {
  /** How many values are in each bin, from the bin `first` on. */
  let bins: number[] = []
  let first = 0
  let count = 0
  let [least, most] = [Number.POSITIVE_INFINITY, 0]
  return {
    get count() {
      return count
    },
    add(value, bin = binOf(value)) {
      if (count === 0) first = bin
      if (bin < first) {
        const added = Math.min(bin, SPARE) + first - bin
        bins = [...new Array<number>(added).fill(0), ...bins]
        first -= added
      }
      while (bins.length <= bin - first) bins.push(0)
      bins[bin - first] = (bins[bin - first] ?? 0) + 1
      count += 1
      if (value < least) least = value
      if (value > most) most = value
    },
    percentile(percent) {
      let left = Math.max(1, Math.ceil((count * percent) / 100))
      const at = bins.findIndex((inBin) => {
        left -= inBin
        return left <= 0
      })
      // One value alone is told exactly.
      return at < 0 ? 0 : Math.min(most, Math.max(least, Math.round(middleOf(first + at))))
    },
  }
}

/** Bins that are added below a new lowest one: values come in no order, and each time all are copied. */
const SPARE = 32

/** The bin of a value. Below 1 there is one for all. */
export function binOf(value: number): number {
  return value < 1 ? 0 : 1 + Math.ceil(Math.log(value) * PER_BIN)
}

function middleOf(bin: number): number {
  return bin === 0 ? 0 : (2 * GAMMA ** (bin - 1)) / (GAMMA + 1)
}
