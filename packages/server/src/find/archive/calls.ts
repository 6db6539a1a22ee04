import type { Cursor } from '@launchtail/client/protocol'
import type { Piece } from '../export/export-bytes.js'
import type { CountAnswer, CountQuestion } from './count.js'
import type { ExportBegin, ExportQuestion } from './exports.js'
import type { ThreadFault } from './faults.js'
import type { Filling } from './fill.js'
import type { Hole } from './holes.js'
import type { Imported } from './import-file.js'
import type { Page, Reached } from './pages.js'
import type { Pace } from './pauses.js'
import type { SearchAnswer, SearchQuestion } from './question.js'
import type { Keeping } from './removal.js'

/** The calls that the archive's thread answers. */
export interface ArchiveCalls {
  /** How far the archive has each node's newest list. */
  reached(nodeIds: readonly string[]): Promise<Reached[]>
  /** How many nodes were taken out so far. */
  removals(): Promise<number>
  /**
   * Stores pages. The pace is also that of the index. Undefined, and nothing is stored, where the number of removals
   * is given and has grown.
   */
  takeIn(
    pages: readonly Page[],
    pace: Pace,
    removals: number | undefined,
  ): Promise<Reached[] | undefined>
  /** What was passed over. */
  holes(): Promise<Hole[]>
  /** Stores some of it. */
  fill(fillings: readonly Filling[], pace: Pace): Promise<void>
  forget(nodeId: string): Promise<void>
  /** Takes in the entries of an archive's file, once; undefined where the thread has ended meanwhile. */
  importFile(file: string): Promise<Imported | undefined>
  /** Undefined where something that was passed over could be found, unless the call is `anyway`. */
  search(question: SearchQuestion, anyway: boolean): Promise<SearchAnswer | undefined>
  /** The same. */
  count(question: CountQuestion, anyway: boolean): Promise<CountAnswer | undefined>
  /** The last entry of each node's newest list up to an entry's number. */
  reachedBy(nodeIds: readonly string[], upTo: number): Promise<Cursor[]>
  /** Begins an export, by a number that the server chooses. The same. */
  openExport(
    id: number,
    question: ExportQuestion,
    anyway: boolean,
  ): Promise<ExportBegin | undefined>
  /** The next entries of an export; undefined where there are no more. */
  readExport(id: number): Promise<Piece | undefined>
  closeExport(id: number): void
  pastLength(back: number, nodeId: string): Promise<number>
  readPast(back: number, nodeId: string, from: number, limit: number): Promise<string[]>
  readPastBefore(back: number, nodeId: string, to: number, limit: number): Promise<string[]>
  /** Resolves when nothing is left to do, with the time at which something will be over. */
  rest(): Promise<number | undefined>
  close(): Promise<void>
}

/** From the server to the thread. */
export interface Call {
  readonly call: keyof ArchiveCalls
  readonly given: readonly unknown[]
}

/** From the thread to the server: the answer to a call. */
export type Answered =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly fault: ThreadFault }

/** From the thread to the server: an answer, or something to be told. */
export type Said =
  | Answered
  | { readonly removed: readonly string[] }
  | { readonly failed: ThreadFault }

/** The data that the thread is started with. */
export interface ThreadData {
  readonly place: ArchivePlace
  readonly keeping: Keeping
}

/** A file of this server's own, or the address of the PostgreSQL where all servers have their archive. */
export type ArchivePlace = { readonly file: string } | { readonly url: string }
