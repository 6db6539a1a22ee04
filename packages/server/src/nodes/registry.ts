import type { NodeRecord, NodesQuery } from '@launchtail/client/protocol'
import type { Query } from '@launchtail/client/query'
import { createMutex } from '../async/mutex.js'
import type { Database } from '../database/open.js'
import { type ReadText, readEntry } from '../logs/entry-text.js'
import type { LogStore } from '../logs/store.js'
import type { NewNode } from './add-node.js'
import { createAdding } from './add-nodes.js'
import { type Corrections, createCorrections } from './corrections.js'
import { createFinder } from './find-record.js'
import { inOneQuery } from './in-one-query.js'
import { createKnownNodes } from './known-nodes.js'
import type { Latencies } from './latencies.js'
import type { LaunchReader } from './launch-events/launch-reader.js'
import { createLaunchHistory, keepLaunches } from './launch-history.js'
import type { Looks } from './looks/looks.js'
import { forEachChanged } from './missed-changes.js'
import { type NodeAbout, readNodePage } from './node-pages.js'
import type { Ownership } from './ownership.js'
import { createPhaseHistory } from './phase-history.js'
import { rowsOf } from './reads.js'
import { createRecordReader } from './record-reader.js'
import { createRecordReads, type RecordReads } from './record-reads.js'
import { createRecordWriter, type RecordWriter } from './record-writer/index.js'
import { removeNode } from './remove-node.js'
import { createStatistics, type Statistics } from './statistics/answer.js'
import { createWatchers } from './watchers.js'

/** The nodes' records. */
export interface Registry
  extends Corrections,
    RecordReads,
    Statistics,
    Pick<RecordWriter, 'appended' | 'catchUp' | 'flush'> {
  /**
   * Adds a node. Throws 409 if one with that id exists, unless `replace` is set, and if another
   * server looks after it.
   */
  create(node: NewNode): Promise<NodeRecord>
  /** Adds all of them in one transaction, as `create` does one. */
  createAll(nodes: readonly NewNode[]): Promise<void>
  /** The record, including every append that was answered; undefined if there is none. */
  get(nodeId: string): Promise<NodeRecord | undefined>
  /**
   * As `get`, except that a node of which there is only a list gets its record now. A caller that
   * knows the list to have `length` entries gets a record that includes as many, whoever wrote them.
   */
  find(nodeId: string, length?: number): Promise<NodeRecord | undefined>
  /** True if the node has a record or at least a list. Cheap, because every append asks. */
  isKnown(nodeId: string): Promise<boolean>
  /** `find` is the query in `q`; `only` is false for nodes that are left out. */
  list(
    query: NodesQuery,
    find?: Query,
    only?: (node: NodeAbout) => boolean,
  ): Promise<{ nodes: NodeRecord[]; cursor?: string }>
  /** The records that exist of these nodes, as they are stored. */
  records(nodeIds: readonly string[]): Promise<NodeRecord[]>
  /** Calls back for each record that is stored or removed, until the returned function is called. */
  watch(changed: (nodeId: string) => void): () => void
  /** Tells them that a record has changed in what is stored beside the list. */
  touched(nodeId: string): void
  /** Another server has changed the record, or removed it. */
  changedElsewhere(nodeId: string, how: { isDeleted: boolean }): void
  /** Other servers may have changed records without this one being told. */
  missedChanges(): Promise<void>
  remove(nodeId: string): Promise<void>
  /** Stores what was appended before, through whichever server. */
  bringUpToDate(): Promise<void>
  /** Throws 409 if another server looks after the node. */
  refuseForeign(nodeId: string): Promise<void>
}

export interface RegistryOptions {
  database: Database
  store: LogStore
  /** Undefined if no other server uses the store. */
  ownership?: Pick<Ownership, 'claim' | 'refuseForeign' | 'release'>
  /** Takes the secrets out of a node's description. */
  redact?: (text: string) => string
  /** Reads what a list has. Other programs may have written it, with their secrets. */
  readText?: ReadText
  /** True if other servers write the records, too. */
  isShared?: boolean
  /** They receive the events of all launches. */
  readers?: readonly LaunchReader[]
  /** How fast the servers of active nodes answer. */
  latencies?: Pick<Latencies, 'of'>
  /** Who looks at nodes. */
  looks?: Pick<Looks, 'isUnattended' | 'since' | 'flush'>
  now?: () => Date
  onFault?: (message: string, error: unknown) => void
}

export function createRegistry({
  database,
  store,
  ownership,
  redact = (text) => text,
  readText = readEntry,
  readers = [],
  isShared = false,
  latencies,
  looks,
  now = () => new Date(),
  onFault = () => {},
}: RegistryOptions): Registry {
  const { watch, notify } = createWatchers()
  const locked = createMutex()
  const phaseHistory = createPhaseHistory(database)
  const launchHistory = createLaunchHistory()
  const options = {
    ...{ database, store, readText, isShared, phaseHistory, launchHistory },
    ...{ latencies, looks, now, onFault },
  }
  const writer = createRecordWriter({
    ...options,
    locked,
    readers: [keepLaunches(launchHistory), ...readers],
    onStored: notify,
  })
  const { recordOf, recordsOf } = createRecordReader(options)
  const corrections = createCorrections({ ...options, locked })
  const rowOf = inOneQuery((nodeIds) => rowsOf(database, nodeIds))
  const { appended, catchUp, flush } = writer
  const { get, find } = createFinder({ store, writer, rowOf, recordOf, isShared })
  // The list first: a node that has one is known while the records are away.
  const known = createKnownNodes(
    async (nodeId) => (await store.length(nodeId)) > 0 || Boolean(await rowOf(nodeId)),
  )
  const createAll = createAdding({ ...options, ownership, writer, locked, redact, notify })
  return {
    create,
    createAll,
    get,
    find,
    list,
    ...createStatistics({ database, flush: bringUpToDate, now }),
    ...createRecordReads(database, phaseHistory, now),
    remove,
    refuseForeign: async (nodeId) => ownership?.refuseForeign(nodeId),
    isKnown: known.has,
    records: async (nodeIds) => recordsOf([...(await rowsOf(database, nodeIds)).values()]),
    correct: (nodeId, cause) => changed(nodeId, () => corrections.correct(nodeId, cause)),
    takeBack: (nodeId) => changed(nodeId, () => corrections.takeBack(nodeId)),
    watch,
    touched: notify,
    changedElsewhere(nodeId, { isDeleted }) {
      if (isDeleted) {
        writer.drop(nodeId)
        known.forget(nodeId)
      }
      notify(nodeId)
    },
    async missedChanges() {
      known.forgetAll()
      await forEachChanged(database, now(), notify)
    },
    ...{ appended, catchUp, flush, bringUpToDate },
  }

  async function create(node: NewNode): Promise<NodeRecord> {
    await createAll([node])
    return (await get(node.nodeId)) as NodeRecord
  }

  async function changed(nodeId: string, act: () => Promise<void>): Promise<void> {
    await writer.write(nodeId)
    await act()
    notify(nodeId)
  }

  async function list(query: NodesQuery, find?: Query, only?: (node: NodeAbout) => boolean) {
    // For the first page only: a fleet that never rests would make every page wait for all of it.
    if (query.cursor === undefined) await bringUpToDate()
    const { rows, ...next } = await readNodePage(database, query, { find, only, looks, now: now() })
    return { nodes: await recordsOf(rows), ...next }
  }

  /** Stores what this server's records lack, and what is pending at other servers. */
  function bringUpToDate(): Promise<void> {
    return isShared ? writer.catchUpLaunching() : writer.flush()
  }

  async function remove(nodeId: string): Promise<void> {
    writer.drop(nodeId)
    await writer.write(nodeId)
    await removeNode(database, nodeId)
    known.forget(nodeId)
    await ownership?.release(nodeId)
    notify(nodeId)
  }
}
