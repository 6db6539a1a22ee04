import { setImmediate as nextTurn } from 'node:timers/promises'
import { type LogEntry, phaseOrder } from '@launchtail/client/protocol'
import type { Transaction } from 'kysely'
import type { Mutex } from '../async/mutex.js'
import type { Database } from '../database/open.js'
import type { Schema } from '../database/schema.js'
import { readEntry } from '../logs/entry-text.js'
import type { LogStore } from '../logs/store.js'
import { type Folded, fold, UNFOLDED } from './fold.js'
import type { History } from './history.js'
import type { LaunchHistory } from './launch-history.js'
import { phasesOf, rowsOf } from './reads.js'
import { type About, columns, fromRow, type Row, wordsOf } from './rows.js'

/**
 * Takes what the lists tell into the records: gathered, folded, and written for many nodes at
 * once. A record is kept with the number of entries it has taken in, so a crash between an append
 * and its record leaves nothing apart: see `catchUp`.
 */
export interface RecordWriter {
  /** Takes in entries that were appended; stored soon after. */
  appended(nodeId: string, index: number, entries: readonly LogEntry[]): void
  /** Stores what is pending of one node, and waits for what is being stored of it. */
  write(nodeId: string): Promise<void>
  /** Ends when everything that was taken in is stored. */
  flush(): Promise<void>
  /** Takes in what the lists have and the records lack. */
  catchUp(): Promise<void>
  /** The same for one node, which may have no record yet. */
  catchUpNode(nodeId: string): Promise<void>
  /** Nothing that is pending of the node is wanted any more. */
  drop(nodeId: string): void
}

export interface RecordWriterOptions {
  database: Database
  store: LogStore
  /** A record is read, folded on and written by one at a time. */
  locked: Mutex
  history: History
  launches: LaunchHistory
  /** Told of each record that was stored. */
  tell: (nodeId: string) => void
  now: () => Date
  onFault: (message: string, error: unknown) => void
}

/** So many of a list's elements from an index on, less those that are no entries. */
interface News {
  readonly index: number
  readonly length: number
  readonly entries: readonly LogEntry[]
}

interface Pending {
  /** When the first of it came, by the monotonic clock. */
  readonly since: number
  readonly news: News[]
}

interface Change {
  readonly nodeId: string
  readonly row: Row | undefined
  readonly before: Folded
  readonly record: Folded
  readonly folded: number
}

/** How many entries are read from a list at once to bring a record up to date. */
const PAGE = 500
/** How many nodes that are not being launched are compared with their lists at once. */
const LOOKED_AT = 500
/**
 * Records in one transaction: a fifth of the work of as many transactions, and some 5 ms in which
 * nobody else has the database.
 */
const BATCH = 32
/** Milliseconds of folding after which other work gets its turn. */
const SLICE = 5
/** Milliseconds in which news of a node are gathered before its record is written. */
const WRITE_AFTER = 500
/**
 * After some records comes a pause of nine times what they took, so that a fleet's take a tenth of
 * a core, evenly; none where news have waited for so many milliseconds. Who asks for a record has
 * what is pending of it written first.
 */
const WRITE_PAUSE = 9
const WRITE_BY = 4000

export function createRecordWriter({
  database,
  store,
  locked,
  history,
  launches,
  tell,
  now,
  onFault,
}: RecordWriterOptions): RecordWriter {
  /** What waits to be written, the longest waiting first. */
  const pending = new Map<string, Pending>()
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> | undefined
  let flushing: Promise<void> | undefined
  /** The last of the nodes that `catchUp` has looked at in its turn. */
  let lookedUpTo = ''
  return {
    appended,
    write: (nodeId) => writeAll([nodeId]),
    flush,
    catchUp,
    catchUpNode,
    drop: (nodeId) => void pending.delete(nodeId),
  }

  function appended(nodeId: string, index: number, entries: readonly LogEntry[]): void {
    const one = { index, length: entries.length, entries }
    const known = pending.get(nodeId)
    if (known) known.news.push(one)
    else pending.set(nodeId, { since: performance.now(), news: [one] })
    // Soon, and not for every append: a busy node's record is written once for many entries.
    if (!writing) plan(WRITE_AFTER)
  }

  function plan(wait: number): void {
    if (timer) return
    timer = setTimeout(() => {
      timer = undefined
      writing = writeSome().finally(() => {
        writing = undefined
      })
    }, wait)
  }

  async function writeSome(): Promise<void> {
    const begun = performance.now()
    const due: string[] = []
    for (const [nodeId, { since }] of pending) {
      if (begun - since < WRITE_AFTER || due.length === BATCH) break
      due.push(nodeId)
    }
    await writeAll(due)
    const [next] = pending.values()
    if (!next) return
    const now = performance.now()
    const pause = now - next.since > WRITE_BY ? 0 : WRITE_PAUSE * (now - begun)
    plan(Math.max(pause, next.since + WRITE_AFTER - now))
  }

  async function flush(): Promise<void> {
    // One under way may have passed a node by; what comes from now on is for the next: with a
    // fleet that never rests, this would not end.
    await flushing
    flushing ??= writePending().finally(() => {
      flushing = undefined
    })
    await flushing
  }

  async function writePending(): Promise<void> {
    await writing
    const nodeIds = [...pending.keys()]
    for (let first = 0; first < nodeIds.length; first += BATCH) {
      // A fleet that moves at once has thousands of records to write, and others want their turn.
      if (first > 0) await nextTurn()
      await writeAll(nodeIds.slice(first, first + BATCH))
    }
  }

  async function writeAll(nodeIds: readonly string[]): Promise<void> {
    const news = new Map<string, News[]>()
    for (const nodeId of nodeIds) {
      const known = pending.get(nodeId)
      if (known) news.set(nodeId, known.news)
      pending.delete(nodeId)
    }
    try {
      await locked(nodeIds, async () => {
        if (news.size > 0) await takeIn(news)
      })
    } catch (error) {
      // The lists have it all; `catchUp` takes it in later.
      onFault(`records of ${[...news.keys()].join(', ')}`, error)
    }
  }

  async function catchUp(): Promise<void> {
    await flush()
    for (const { node_id, folded } of [...(await underWay()), ...(await nextOthers())]) {
      // Written soon, and what is missing before it is read then.
      if (pending.has(node_id)) continue
      try {
        const length = await store.length(node_id)
        // What has expired told all it had to tell.
        if (length > 0 && length !== folded) await catchUpNode(node_id)
      } catch (error) {
        onFault(`record of ${node_id}`, error)
        // One list that cannot be read must not keep the others' records from going on.
        await store.ping()
      }
    }
  }

  function underWay() {
    return database
      .selectFrom('nodes')
      .select(['node_id', 'folded'])
      .where('status', '=', 'launching')
      .execute()
  }

  /** The other nodes in turn: another program may launch one of them anew, and tells nobody. */
  async function nextOthers() {
    const rows = await database
      .selectFrom('nodes')
      .select(['node_id', 'folded'])
      .where('status', '!=', 'launching')
      .where('node_id', '>', lookedUpTo)
      .orderBy('node_id')
      .limit(LOOKED_AT)
      .execute()
    lookedUpTo = rows.length < LOOKED_AT ? '' : (rows.at(-1)?.node_id ?? '')
    return rows
  }

  /**
   * To where the list ends now: behind a writer that does not rest there is always one more. A list
   * of fewer entries than were taken in is another one, and taken in from its first.
   */
  function catchUpNode(nodeId: string): Promise<void> {
    return locked(nodeId, async () => {
      const folded = (await rowsOf(database, [nodeId])).get(nodeId)?.folded ?? 0
      const end = await store.length(nodeId)
      for (let index = end < folded ? 0 : folded; index < end; ) {
        const texts = await store.read(nodeId, index, PAGE)
        const { length } = texts
        if (length === 0) return
        await takeIn(new Map([[nodeId, [{ index, length, entries: readable(texts) }]]]))
        index += length
      }
    })
  }

  async function takeIn(news: ReadonlyMap<string, readonly News[]>): Promise<void> {
    const nodeIds = [...news.keys()]
    const rows = await rowsOf(database, nodeIds)
    const phases = await phasesOf(database, nodeIds)
    const changes: Change[] = []
    let since = performance.now()
    for (const [nodeId, ofNode] of news) {
      // Thousands of entries may have come of them.
      if (performance.now() - since > SLICE) {
        await nextTurn()
        since = performance.now()
      }
      const row = rows.get(nodeId)
      const before = row ? fromRow(row, phases.get(nodeId)) : UNFOLDED
      try {
        changes.push({ nodeId, row, before, ...(await foldOn(nodeId, row, before, ofNode)) })
      } catch (error) {
        // One list that cannot be read must not keep the others' records from going on.
        onFault(`record of ${nodeId}`, error)
      }
    }
    await save(changes)
  }

  /** Folds news into the record. Where some before them are missing, these are read first. */
  async function foldOn(
    nodeId: string,
    row: Row | undefined,
    before: Folded,
    news: readonly News[],
  ): Promise<Pick<Change, 'record' | 'folded'>> {
    let folded = row?.folded ?? 0
    let record = before
    for (const { index, length, entries } of news) {
      let known = 0
      if (index > folded) {
        for (const entry of readable(await store.read(nodeId, folded, index - folded))) {
          record = fold(record, entry)
        }
      } else if (index < folded && (await store.length(nodeId)) >= folded) {
        // Read already by `catchUp`. In a list that is shorter they would be a new list's.
        known = folded - index
      } else if (index === 0 && goesBack(record, entries)) record = UNFOLDED
      for (const entry of entries.slice(known)) record = fold(record, entry)
      folded = Math.max(index + length, index + known)
    }
    return { record, folded }
  }

  async function save(changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return
    const time = now().toISOString()
    await database.transaction().execute(async (transaction) => {
      for (const change of changes) await saveOne(transaction, change, time)
    })
    for (const { nodeId } of changes) tell(nodeId)
  }

  async function saveOne(
    transaction: Transaction<Schema>,
    { nodeId, row, before, record, folded }: Change,
    time: string,
  ): Promise<void> {
    const columnsNow = { ...columns(record), folded, updated_at: time }
    if (row) {
      await transaction.updateTable('nodes').set(columnsNow).where('node_id', '=', nodeId).execute()
    } else {
      const words = wordsOf(nodeId, undefined, {})
      const made = { node_id: nodeId, cluster_name: null, about: '{}', provider: null, words }
      await transaction
        .insertInto('nodes')
        .values({ ...made, created_at: time, ...columnsNow })
        .execute()
    }
    if (record.phases === before.phases) return
    await transaction.deleteFrom('phases').where('node_id', '=', nodeId).execute()
    const phases = record.phases.map(({ phase, started_at, ended_at }, position) => ({
      node_id: nodeId,
      position,
      phase,
      started_at,
      ended_at: ended_at ?? null,
    }))
    if (phases.length > 0) await transaction.insertInto('phases').values(phases).execute()
    const about = JSON.parse(row?.about ?? '{}') as About
    await history.add(transaction, nodeId, about, record.finished)
    await launches.add(transaction, nodeId, about, record.ended)
  }
}

/** Whether a list tells the launch from its beginning, and not how it went on. */
function goesBack({ phase }: Folded, [first]: readonly LogEntry[]): boolean {
  return first !== undefined && phaseOrder(first.phase) < phaseOrder(phase)
}

function readable(texts: readonly string[]): LogEntry[] {
  return texts.map(readEntry).filter((entry) => entry !== undefined)
}
