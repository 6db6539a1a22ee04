/**
 * The seed of this run, from which all that tests draw at random comes. It is printed when the run
 * begins; `LAUNCHTAIL_TEST_SEED` repeats one.
 */
export const SEED = Number(process.env.LAUNCHTAIL_TEST_SEED)
if (!Number.isInteger(SEED)) throw new Error('LAUNCHTAIL_TEST_SEED must be a whole number')

/** Numbers from 0 to 1, the same for a seed and a name whatever else is drawn: mulberry32. */
export function seededRandom(name: string): () => number {
  let state = SEED
  for (const char of name) state = Math.imul(state ^ char.charCodeAt(0), 0x01000193)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
