import type { Transaction } from 'kysely'
import type { Schema } from '../database/schema.js'
import type { Appender } from '../logs/appender.js'
import type { LogStore } from '../logs/store.js'
import type { Insist } from './insist.js'
import type { Launch } from './launcher.js'
import type { OwnedRow } from './owned-row.js'
import type { LaunchSpending } from './spending/launch-spending.js'

/** The context that the steps of a run share. */
export interface Work {
  readonly launch: Launch
  /** The name of the launch's offset in the node's log. */
  readonly source: string
  readonly secrets: readonly string[]
  readonly store: LogStore
  /** Appends with the lease's fencing token. */
  readonly appender: Appender
  readonly row: OwnedRow
  /** Stores that the launch has left its cluster behind. */
  readonly leave: (transaction: Transaction<Schema>) => Promise<void>
  /** Stores that the launch's cluster is kept. */
  readonly keep: (transaction: Transaction<Schema>) => Promise<void>
  /** Called when that is stored. */
  readonly onKept: () => void
  readonly spending: LaunchSpending
  readonly insist: Insist
  /** Aborts when the launch is not this process's any more. */
  readonly signal: AbortSignal
  /** Aborts when the launch is to be terminated. */
  readonly cancelling: AbortSignal
  readonly now: () => Date
  readonly onFault: (message: string, error: unknown) => void
}
