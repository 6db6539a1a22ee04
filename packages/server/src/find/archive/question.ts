import type { Instant, Level, LogEntry, Phase } from '@launchtail/client/protocol'
import type { LaunchFacts } from '@launchtail/client/query'

/** A search, as it is sent to the archive's thread. */
export interface Question {
  /** In the query language; empty for every entry. */
  readonly query: string
  /** Milliseconds since 1970; `-2h` and `today` are counted from here. */
  readonly now: number
  /** Only entries later than this. */
  readonly since: Instant | undefined
  /** Only entries up to this time. */
  readonly until: Instant | undefined
  readonly levels: ReadonlySet<Level> | undefined
  readonly phase: Phase | undefined
  /** Only entries of these nodes. */
  readonly nodes: ReadonlySet<string> | undefined
  /** Only entries of this part of a log of the one node. */
  readonly part?: LogPart | undefined
  /** By node, where the query asks for fields of the launch. */
  readonly launches: ReadonlyMap<string, LaunchFacts> | undefined
}

/** A part of a log of a node: one of its launches. */
export interface LogPart {
  /** How many logs of the node are newer than this one. */
  readonly back: number
  /** From an index on, up to another one. */
  readonly from: number
  readonly to: number
}

export interface SearchQuestion extends Question {
  readonly limit: number
  readonly order: 'asc' | 'desc'
  /** Where the search before this one ended. */
  readonly cursor: string | undefined
  /** Entries of the same log before and after each that is found. */
  readonly context: number
}

/** True if it may be answered by the newest entries alone. */
export function isOfNewest({
  order,
  cursor,
  context,
  part,
}: Omit<SearchQuestion, 'query' | 'launches'>) {
  return order === 'desc' && cursor === undefined && context === 0 && part === undefined
}

/** An entry that was found, with where it is. */
export interface Hit extends LogEntry {
  readonly node_id: string
  readonly cursor: string
}

export interface SearchAnswer {
  /** The JSON of what was found. */
  readonly logs: readonly string[]
  /** False where the search has come to the end of its budget. */
  readonly isComplete: boolean
  /** Where the next search goes on; undefined where there is nothing more to look at. */
  readonly cursor: string | undefined
  /** The timestamp of the last entry that was looked at. */
  readonly lookedUpTo: string | undefined
  /** The number of entries that were looked at. */
  readonly scanned: number
  /** The number of the last entry there was when it began: later ones are not found. */
  readonly upTo: number
  /** The cursor of that entry: a search in ascending order goes on there with what comes later. */
  readonly end: string
}
