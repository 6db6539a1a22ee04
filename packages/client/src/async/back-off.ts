export interface BackOffOptions {
  /** Milliseconds before the first retry. Each later pause is twice the one before. */
  first: number
  /** The longest pause, in milliseconds. */
  longest: number
  /**
   * Spreads the pauses of many clients: a pause is then anywhere between zero and its full length.
   * Returns a number from 0 to 1.
   */
  random?: (() => number) | undefined
}

/** How long to wait before retry `attempt`, counted from 0: exponential, with a cap. */
export function backOff(attempt: number, { first, longest, random }: BackOffOptions): number {
  const pause = Math.min(longest, first * 2 ** attempt)
  return random ? random() * pause : pause
}
