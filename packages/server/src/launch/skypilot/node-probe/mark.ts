import { createHash } from 'node:crypto'
import { basename } from 'node:path'

/** How a launch's own probe shows that a line is its report. */
export interface ProbeMark {
  /** What the probe is given: two halves. */
  readonly halves: string
  /** What it prints: the second half and then the first. */
  readonly printed: string
}

/** The same for a launch whichever process asks for it: the name of its folder is its id. */
export function probeMark(folder: string): ProbeMark {
  const hash = createHash('sha256')
    .update(`probe ${basename(folder)}`)
    .digest('hex')
  const [first, second] = [hash.slice(0, 16), hash.slice(16, 32)]
  return { halves: `${first} ${second}`, printed: `${second}${first}` }
}
