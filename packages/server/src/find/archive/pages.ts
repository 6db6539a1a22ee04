/** Entries of a node's list, on their way into the archive. */
export interface Page {
  readonly nodeId: string
  /** The index of the first of them. */
  readonly from: number
  /** Entries before them that the archive does not have yet, and takes in later. */
  readonly passedOver?: number | undefined
  /** Each as it is sent, without secrets; empty for what is no entry. */
  readonly texts: readonly string[]
  /** The checks of those that are stored as another text. */
  readonly checks?: readonly (string | undefined)[] | undefined
  /** The check of the entry before them; undefined where they begin a list. */
  readonly previous: string | undefined
  /** How far the archive has the node's list in whose place this one begins; nothing, where there was none. */
  readonly replaces?: Reached | undefined
}

/** Entries that are read from a list at once. */
export const PAGE = 500

/** How far the archive has a node's list. */
export interface Reached {
  /** The number of entries that it has. */
  readonly length: number
  /** The check of the last of them. */
  readonly check: string
}

export const NOTHING_YET: Reached = { length: 0, check: '0' }
