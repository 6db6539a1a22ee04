// `grammar.js` is made of `grammar.peggy` by `scripts/build-parser.mjs`.
import type { Faulty } from './faults.js'
import type { Syntax } from './syntax.js'

export interface GrammarOptions {
  /** The most brackets and NOTs that may be open at a time. */
  readonly maxDepth: number
  /** Throws. */
  readonly fault: Faulty
}

/** Returns null for a query that is empty. */
export function parse(text: string, options: GrammarOptions): Syntax | null
