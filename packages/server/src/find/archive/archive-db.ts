import type { Demand } from '@launchtail/client/query/indexing'
import type { StoredRow } from './stored-row.js'
import type { Stretch } from './stretch.js'

/**
 * Where the archive's rows are: in a file of this server's own, or in PostgreSQL for all servers. A statement is the same
 * for both: `{lists}` stands for the name of a table, `?` for a value, and `in ??` asks for one of a list of values.
 */
export interface ArchiveDb extends Statements {
  /** This archive's own name. */
  readonly name: string
  /** Entries that are read at first, of as many as may be wanted: each read from another process takes its time. */
  readonly firstPage: number
  /** True if other servers have the same archive. */
  readonly isShared: boolean
  /** Commits what is done, or undoes all of it. Transactions are made one after the other, whoever makes them. */
  transaction<T>(act: (transaction: ArchiveTransaction) => Promise<T>): Promise<T>
  /** Entries that the conditions choose, in their order. */
  readPage(conditions: string, values: readonly Value[], limit: number): Promise<StoredRow[]>
  /** What is asked of the index of words, as it reads it. */
  readonly index: IndexReader
  /** The bytes that the archive takes. */
  used(): Promise<number>
  close(): Promise<void>
}

export interface ArchiveTransaction extends Statements {
  insertAll(table: Table, rows: readonly Readonly<Record<string, Value>>[]): Promise<void>
  /** Stores that lists have become longer. */
  grow(lists: readonly Grown[]): Promise<void>
  insertWords(entries: readonly IndexedEntry[]): Promise<void>
  /** Deletes entries, and their words. */
  deleteEntries(ids: readonly number[]): Promise<void>
  /** Empties the index. */
  clearWords(): Promise<void>
}

export interface Statements {
  all<Row>(statement: string, ...values: readonly Value[]): Promise<Row[]>
  one<Row>(statement: string, ...values: readonly Value[]): Promise<Row | undefined>
  run(statement: string, ...values: readonly Value[]): Promise<void>
}

export type Value = string | number | null | readonly number[] | readonly string[]

export type Table = 'facts' | 'lists' | 'entries' | 'blocks' | 'holes'

export interface IndexReader {
  /** The demand in the index's own language, and one of these lists; undefined where it can't be said in it. */
  matchOf(demand: Demand | undefined, lists: readonly number[] | undefined): string | undefined
  /** The numbers of the entries that match, in order, some at a time. */
  matching(match: string, stretch: Stretch, order: 'asc' | 'desc'): AsyncIterable<number[]>
}

export interface IndexedEntry {
  readonly id: number
  /** All that a search can narrow by. */
  readonly tokens: readonly string[]
}

/** How a list is after some entries were taken in. */
export interface Grown {
  readonly id: number
  readonly length: number
  readonly last_check: string
  /** 1 where the launch has failed, 0 where it has not, and null where that is as it was. */
  readonly failed: number | null
  readonly written_at: number
  /** The characters that were added. */
  readonly size: number
}
