import type { LogEntry, NodeRecord } from '@launchtail/client/protocol'
import type { Transaction } from 'kysely'
import type { Schema } from '../../database/schema.js'
import type { Folded } from '../fold.js'
import type { About } from '../rows.js'
import type { LaunchEvent } from './launch-event.js'

/**
 * Receives the events of all launches. Every start, phase change, stall, recovery and end passes through here,
 * whoever caused it: a launcher of this server, a piped command, a mark, silence, or another program's entry
 * in the list. To act on them, write a reader and pass it to `createRegistry` as one of its `readers`. If the
 * entries do not matter, `onLaunchEvents` and `afterLaunchEvents` create one.
 *
 * When a record is rebuilt from its list, the same events are delivered again. A launch is identified by its
 * node and its `started_at`, an event by its kind and `at` as well.
 */
export type LaunchReader = (node: DescribedNode) => NewsReader

export interface DescribedNode {
  readonly nodeId: string
  readonly about: About & {
    readonly cluster_name?: string | undefined
    /** The node's newest launch of ours. */
    readonly own_launch?: string | undefined
  }
}

/** Receives what is new of one node: first each entry, then the events. */
export interface NewsReader {
  /** Called with each entry and the record that includes it. It must be quick and must not throw. */
  entry(entry: LogEntry, index: number, record: Folded): void
  /** Called before the transaction, for work that takes time. */
  prepare(): Promise<void>
  /** Called in the transaction that stores the record. If it throws, nothing is stored. */
  store(transaction: Transaction<Schema>, news: LaunchNews): Promise<void>
  /** Called after the transaction is committed. A crash can prevent this call. */
  stored(news: LaunchNews): void
}

export interface LaunchNews extends DescribedNode {
  /** The events, in order. */
  readonly events: readonly LaunchEvent[]
  /** Returns the record that is being stored. */
  record(): NodeRecord
}

/** Creates a reader that stores something of its own in the record's transaction. */
export function onLaunchEvents(store: NewsReader['store']): LaunchReader {
  return () => ({ entry() {}, async prepare() {}, store, stored() {} })
}

/** Creates a reader that acts after the record is stored, such as one that counts. */
export function afterLaunchEvents(stored: NewsReader['stored']): LaunchReader {
  return () => ({ entry() {}, async prepare() {}, async store() {}, stored })
}
