import type { LogEntry, NodeRecord } from '@launchtail/client/protocol'
import type { Transaction } from 'kysely'
import type { Schema } from '../../database/schema.js'
import type { Folded } from '../fold.js'
import type { About } from '../rows.js'
import type { LaunchEvent } from './launch-event.js'

/**
 * Reads what becomes of all launches. Every start, phase, stall, recovery and end of a launch passes here,
 * whoever caused it: a launcher of this server, a piped command, a mark, silence, or another program's entry
 * in the list. To act on it, write a reader and hand it to `createRegistry` as one of its `readers`; where
 * the entries do not matter, `onLaunchEvents` and `afterLaunchEvents` make one.
 *
 * A record that is rebuilt from its list tells the same events again. A launch is known by its node and its
 * `started_at`, an event of it by its kind and `at`.
 */
export type LaunchReader = (node: DescribedNode) => NewsReader

export interface DescribedNode {
  readonly nodeId: string
  readonly about: About & { readonly cluster_name?: string | undefined }
}

/** Reads what is new of one node: first its entries, one by one, and then what they come to. */
export interface NewsReader {
  /** One more entry, and the record that includes it. It must be quick, and not throw. */
  entry(entry: LogEntry, index: number, record: Folded): void
  /** Called before the transaction, for what takes time. */
  prepare(): Promise<void>
  /** Called in the transaction that stores the record. If it throws, nothing is stored. */
  store(transaction: Transaction<Schema>, news: LaunchNews): Promise<void>
  /** Called once the transaction has been committed. A crash may come in between. */
  stored(news: LaunchNews): void
}

export interface LaunchNews extends DescribedNode {
  /** What happened, in order. */
  readonly events: readonly LaunchEvent[]
  /** The record as it is stored now. */
  record(): NodeRecord
}

/** A reader that stores something of its own together with the record. */
export function onLaunchEvents(store: NewsReader['store']): LaunchReader {
  return () => ({ entry() {}, async prepare() {}, store, stored() {} })
}

/** A reader that acts once the record is stored, such as one that counts. */
export function afterLaunchEvents(stored: NewsReader['stored']): LaunchReader {
  return () => ({ entry() {}, async prepare() {}, async store() {}, stored })
}
