import { expect } from 'vitest'

/** Linear work takes 4 times as long for 4 times as much, quadratic work 16 times. */
const MOST = 9
/** Milliseconds; the clock and the collector weigh too much in what takes less. */
const MEASURABLE = 4
const TRIES = 5

/**
 * Fails where the work grows faster than its input: compares the CPU time of n with that of 4n, from
 * small sizes on, so that quadratic work is found out before it takes minutes.
 */
export function expectLinear(
  what: string,
  work: (size: number) => unknown,
  { upTo = 256_000 } = {},
): void {
  for (let size = upTo / 4 ** 4; size < upTo; size *= 4) {
    expect(growth(work, size), `${what}: time for ${4 * size} by that for ${size}`).toBeLessThan(
      MOST,
    )
  }
}

/** The least of several tries: another process can only make work look longer. */
function growth(work: (size: number) => unknown, size: number): number {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < TRIES && least >= MOST; round += 1) {
    const one = Math.max(
      MEASURABLE,
      cpuTime(() => work(size)),
    )
    least = Math.min(least, cpuTime(() => work(4 * size)) / one)
  }
  return least
}

/** Milliseconds. */
export function cpuTime(work: () => unknown): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
