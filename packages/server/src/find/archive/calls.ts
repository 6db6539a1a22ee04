import type { Cursor } from '@launchtail/client/protocol'
import type { Piece } from '../export/export-bytes.js'
import type { CountAnswer, CountQuestion } from './count.js'
import type { ExportBegin, ExportQuestion } from './exports.js'
import type { ThreadFault } from './faults.js'
import type { Filling } from './fill.js'
import type { Hole } from './holes.js'
import type { Page, Reached } from './pages.js'
import type { Pace } from './pauses.js'
import type { SearchAnswer, SearchQuestion } from './question.js'
import type { Keeping } from './removal.js'

/** The calls that the archive's thread answers. */
export interface ArchiveCalls {
  /** How far the archive has each node's newest list. */
  reached(nodeIds: readonly string[]): Reached[]
  /** Stores pages. The pace is also that of the index. */
  takeIn(pages: readonly Page[], pace: Pace): Reached[]
  /** What was passed over. */
  holes(): Hole[]
  /** Stores some of it. */
  fill(fillings: readonly Filling[], pace: Pace): void
  forget(nodeId: string): void
  /** Undefined where something that was passed over could be found, unless the call is `anyway`. */
  search(question: SearchQuestion, anyway: boolean): Promise<SearchAnswer | undefined>
  /** The same. */
  count(question: CountQuestion, anyway: boolean): Promise<CountAnswer | undefined>
  /** The last entry of each node's newest list up to an entry's number. */
  reachedBy(nodeIds: readonly string[], upTo: number): Cursor[]
  /** Begins an export, by a number that the server chooses. The same. */
  openExport(id: number, question: ExportQuestion, anyway: boolean): ExportBegin | undefined
  /** The next entries of an export; undefined where there are no more. */
  readExport(id: number): Promise<Piece | undefined>
  closeExport(id: number): void
  pastLength(back: number, nodeId: string): number
  readPast(back: number, nodeId: string, from: number, limit: number): string[]
  readPastBefore(back: number, nodeId: string, to: number, limit: number): string[]
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
  readonly file: string
  readonly keeping: Keeping
}
