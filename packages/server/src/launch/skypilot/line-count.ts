import type { RawLine } from '../../output/lines.js'

export interface LineCount {
  /** How many final lines were given so far. */
  given(): number
  /** Begins to read the output again, from its first line. */
  reading(): (lines: readonly RawLine[]) => RawLine[]
}

/**
 * Passes each line of an output on once, however often it is read from its beginning. Lines are
 * numbered by nothing else, so only final lines count: progress bars differ from reading to reading.
 */
export function createLineCount(known = 0): LineCount {
  let given = known
  return { given: () => given, reading }

  function reading() {
    let seen = 0
    return (lines: readonly RawLine[]) =>
      lines.filter(({ transient }) => {
        // A bar that was drawn before a line that was given is long over.
        if (transient) return seen >= given
        seen += 1
        if (seen <= given) return false
        given = seen
        return true
      })
  }
}
