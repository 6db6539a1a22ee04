// `grammar.js` is made of `grammar.peggy` by `scripts/build-parser.mjs`.
import type { Faulty } from './faults.js'
import type { Syntax } from './syntax.js'

export interface GrammarOptions {
  /** How deeply brackets and NOT may be nested. */
  readonly maxDepth: number
  /** Throws. */
  readonly fault: Faulty
}

/** Returns null for a query that is empty. */
export function parse(text: string, options: GrammarOptions): Syntax | null
