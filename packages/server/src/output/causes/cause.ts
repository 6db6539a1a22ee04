import type { Phase } from '@launchtail/client/protocol'

/**
 * Why launches fail: what a line says, what that means and what to do. The expressions are tried on
 * a line's own words, without prefixes, marks and heads, and only on their first 2,000 characters.
 */
export interface Cause {
  readonly code: string
  /** A line that says so for certain, unless it is only a warning. */
  readonly when?: readonly RegExp[]
  /** One that a launch may survive: it counts as long as nothing says more. */
  readonly maybe?: readonly RegExp[]
  /** The words of whoever saw something else fail: it is this where nothing says what that was. */
  readonly wraps?: readonly RegExp[]
  /** Only as the last word on a launch, which its launcher or sender said; never a line of output. */
  readonly last?: true
  /** Only in these phases. */
  readonly phases?: readonly Phase[]
  readonly means: string
  readonly advice: string
}
