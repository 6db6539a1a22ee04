import type { LaunchFacts, Mark } from '@launchtail/client/query'
import type { Language } from './language.js'
import type { Line } from './line.js'

/** Gives the parts of a text that are marked. */
export type Marker = (text: string) => readonly Mark[]

/** A query of the search box that has been understood. */
export interface Finder {
  /** The query in its shortest form. */
  readonly text: string
  matches(line: Line): boolean
  readonly marks: Marker
}

/** A fault in a query, and its column. */
export interface QueryFault {
  readonly column: number
  readonly problem: string
}

export interface Sought {
  /** Undefined where nothing is looked for. */
  readonly finder?: Finder
  readonly fault?: QueryFault
}

/** Reads what was typed. Relative times are counted from now. */
export function soughtBy(
  text: string,
  language: Language | undefined,
  launch: () => LaunchFacts | undefined,
): Sought {
  if (text.trim() === '' || !language) return {}
  try {
    const query = language.parseQuery(text)
    const predicate = query.predicate({ now: Date.now() })
    return {
      finder: {
        text: query.text,
        matches: ({ searched }) => predicate(searched, launch()),
        marks: query.marker(),
      },
    }
  } catch (error) {
    if (!(error instanceof language.QueryError)) throw error
    return { fault: { column: error.column, problem: error.problem } }
  }
}
