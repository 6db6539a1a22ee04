import type { LogEntry } from '@launchtail/client/protocol'
import type { Mutex } from '../../async/mutex.js'
import type { Database } from '../../database/open.js'
import type { ReadText } from '../../logs/entry-text.js'
import type { LogStore } from '../../logs/store.js'
import type { LaunchReader } from '../launch-events/launch-reader.js'
import type { PhaseHistory } from '../phase-history.js'
import { createCatchUp } from './catch-up.js'
import { createFolder } from './folder.js'
import { createIntake } from './intake.js'
import { createPending } from './pending.js'
import { createSchedule } from './schedule.js'

/**
 * Brings the records up to date with the lists: news is collected, folded, and stored for many nodes
 * in one transaction. A record says how many entries it includes, so what a crash left out between
 * an append and its record is found by `catchUp`.
 */
export interface RecordWriter {
  /** Takes in entries that were appended. They are stored soon. */
  appended(nodeId: string, index: number, entries: readonly LogEntry[]): void
  /** Stores what is pending of one node, and waits for what is being stored of it. */
  write(nodeId: string): Promise<void>
  /** Returns when everything that was taken in is stored. */
  flush(): Promise<void>
  /** Takes in what the lists have and the records lack. */
  catchUp(): Promise<void>
  /** The same for the nodes that are being launched. */
  catchUpLaunching(): Promise<void>
  /** As `catchUp`, for one node, which may have no record yet. */
  catchUpNode(nodeId: string): Promise<void>
  /** Discards what is pending of the node. */
  drop(nodeId: string): void
}

export interface RecordWriterOptions {
  database: Database
  store: LogStore
  readText: ReadText
  /** True if other servers write the records, too. */
  isShared: boolean
  /** A record is read, folded and stored under its node's lock. */
  locked: Mutex
  phaseHistory: PhaseHistory
  readers: readonly LaunchReader[]
  /** Called for each record that was stored. */
  onStored: (nodeId: string) => void
  now: () => Date
  onFault: (message: string, error: unknown) => void
}

export function createRecordWriter(options: RecordWriterOptions): RecordWriter {
  const { locked, now, onFault } = options
  const pending = createPending()
  const foldAll = createFolder(options)
  const takeIn = createIntake({ ...options, foldAll })
  const { soon, flush } = createSchedule({ pending, write })
  const { catchUp, catchUpLaunching, catchUpNode } = createCatchUp({
    ...options,
    pending,
    takeIn,
    flush,
  })
  return {
    appended(nodeId, index, entries) {
      const isMuch = pending.add(nodeId, { index, length: entries.length, entries })
      if (isMuch) foldEarly(nodeId)
      soon()
    },
    write: (nodeId) => write([nodeId]),
    flush,
    catchUp,
    catchUpLaunching,
    catchUpNode,
    drop: pending.drop,
  }

  async function write(nodeIds: readonly string[]): Promise<void> {
    try {
      // Also without news: whatever is being stored of these nodes is waited for.
      const overtaken = await locked(nodeIds, async () => takeIn(pending.take(nodeIds)))
      for (const nodeId of overtaken) await catchUpNode(nodeId)
    } catch (error) {
      // The lists have it all, and `catchUp` takes it in later.
      onFault(`records of ${nodeIds.join(', ')}`, error)
    }
  }

  /** The entries themselves can then be forgotten before the record is stored. */
  function foldEarly(nodeId: string): void {
    locked(nodeId, async () => {
      const unfolded = pending.unfolded(nodeId)
      if (!unfolded) return
      const time = now().toISOString()
      unfolded.keep((await foldAll(new Map([[nodeId, unfolded]]), time)).get(nodeId))
    }).catch((error) => onFault(`record of ${nodeId}`, error))
  }
}
