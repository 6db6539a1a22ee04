import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type Instant,
  isTerminal,
  type LogEntry,
  type NodeRecord,
  type NodesQuery,
  type PastLaunch,
  type Phase,
  phaseOrder,
} from '@launchtail/client/protocol'
import { sql } from 'kysely'
import type { Database } from '../database/open.js'
import { HttpError } from '../errors.js'
import { readEntry } from '../logs/entry-text.js'
import type { LogStore } from '../logs/store.js'
import { createTurns } from '../turns.js'
import { type Folded, fold, UNFOLDED } from './fold.js'
import { createHistory } from './history.js'
import { createLaunchHistory } from './launch-history.js'
import {
  type About,
  columns,
  fromRow,
  type PhaseRow,
  type Row,
  readPageCursor,
  toRecord,
  wordsOf,
  writePageCursor,
} from './rows.js'
import { etaSeconds, type Past } from './stall.js'

export type { About } from './rows.js'

export interface Registry {
  /** Adds a node. Throws 409 where there is one of that id, unless `replace`. */
  create(node: NewRecord): Promise<NodeRecord>
  /** The record, up to date with every append that was answered; undefined where there is none. */
  get(nodeId: string): Promise<NodeRecord | undefined>
  /**
   * As `get`; a node that only has a list gets its record now. Where the caller knows the list to
   * have `length` entries, the record has taken in as many, whoever wrote them.
   */
  find(nodeId: string, length?: number): Promise<NodeRecord | undefined>
  /** Whether there is such a node: a record or at least a list. Cheap, for every append asks. */
  isKnown(nodeId: string): Promise<boolean>
  list(query: NodesQuery): Promise<{ nodes: NodeRecord[]; cursor?: string }>
  /** The records there are of these nodes, as they are stored. */
  records(nodeIds: readonly string[]): Promise<NodeRecord[]>
  /** The launches that are over and ended later than `since`, the last first; see LaunchHistory. */
  past(since: Instant | undefined): Promise<PastLaunch[]>
  /** How many nodes there are. */
  count(): Promise<number>
  /** Told of each record that was stored or removed, until the returned function is called. */
  watch(changed: (nodeId: string) => void): () => void
  /** The ids of the nodes, not terminated, that have this cluster name. */
  named(clusterName: string): Promise<string[]>
  /** The launches that are under way, ours and those that are sent in. */
  launching(): Promise<Launching[]>
  remove(nodeId: string): Promise<void>
  /** Takes in entries that were appended; stored soon after. */
  appended(nodeId: string, index: number, entries: readonly LogEntry[]): void
  /** Takes in what the lists have and the records lack. */
  catchUp(): Promise<void>
  /** Ends when everything that was taken in is stored. */
  flush(): Promise<void>
}

export interface Launching {
  nodeId: string
  phase: Phase
  /** How many entries of its list the record has taken in. */
  entries: number
  /** Whether the newest of them says that it stalls. */
  stalled: boolean
  /** What launches like it took. */
  past: Past
}

export interface NewRecord {
  nodeId: string
  clusterName?: string
  about: About
  /** A node of that id may exist, unless it is launching: it is launched anew. */
  replace?: boolean
}

export interface RegistryOptions {
  database: Database
  store: LogStore
  /** Takes the secrets out of what is said about a node. */
  redact?: (text: string) => string
  now?: () => Date
  onFault?: (message: string, error: unknown) => void
}

interface Change {
  readonly before: Folded
  readonly record: Folded
  readonly folded: number
  readonly row: Row | undefined
}
interface News {
  index: number
  entries: readonly LogEntry[]
}

/** How many entries are read from a list at once to bring a record up to date. */
const PAGE = 500
/** How many nodes that are not being launched are compared with their lists at once. */
const LOOKED_AT = 500
/** Milliseconds after which other work gets its turn. */
const SLICE = 5
/**
 * Milliseconds in which news of a node are gathered before its record is written; nine times what
 * the last writing took where that is more, so that a fleet's records take a tenth of a core at
 * most. Who asks for a record has what is pending of it written first.
 */
const WRITE_AFTER = 500
const WRITE_PAUSE = 9
const WRITE_BY = 4000
/** Ids that are remembered as known. */
const KNOWN = 10_000

/**
 * The nodes' records. What they tell of a launch is a fold of the node's list, kept with the number
 * of entries it has taken in, so a crash between the two leaves nothing apart: see `catchUp`.
 */
export function createRegistry({
  database,
  store,
  redact = (text) => text,
  now = () => new Date(),
  onFault = () => {},
}: RegistryOptions): Registry {
  const pending = new Map<string, News[]>()
  let writing: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let writeTook = 0
  const known = new Set<string>()
  /** The last of the nodes that `catchUp` has looked at in its turn. */
  let lookedUpTo = ''
  /** A record is read, folded on and written by one at a time. */
  const inTurn = createTurns()
  const history = createHistory(database)
  const launches = createLaunchHistory(database)
  const watchers = new Set<(nodeId: string) => void>()
  return {
    ...{ create, get, find, isKnown, list, records, count, watch, named, launching, remove },
    ...{ past, appended, catchUp, flush },
  }

  async function create(node: NewRecord): Promise<NodeRecord> {
    await write(node.nodeId)
    await inTurn(node.nodeId, () => add(node))
    return (await get(node.nodeId)) as NodeRecord
  }

  function masked(about: About): About {
    return JSON.parse(JSON.stringify(about), (_, value) =>
      typeof value === 'string' ? redact(value) : value,
    )
  }

  async function add({ nodeId, clusterName, replace = false, ...node }: NewRecord): Promise<void> {
    const about = masked(node.about)
    const time = now().toISOString()
    const said = {
      cluster_name: clusterName ?? null,
      about: JSON.stringify(about),
      provider: about.provider ?? null,
      words: wordsOf(nodeId, clusterName, about),
      created_at: time,
      updated_at: time,
    }
    const row = { node_id: nodeId, ...said, ...columns(UNFOLDED), folded: 0 }
    const { numInsertedOrUpdatedRows: made = 0n } = await database
      .insertInto('nodes')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirstOrThrow()
    if (made === 0n) {
      // Or another request was quicker by a moment.
      if (!replace) throw new HttpError(409, `node ${nodeId} exists`)
      await database.updateTable('nodes').set(said).where('node_id', '=', nodeId).execute()
    }
    tell(nodeId)
  }

  async function get(nodeId: string): Promise<NodeRecord | undefined> {
    await write(nodeId)
    const row = await rowOf(nodeId)
    return row && (await recordOf(row))
  }

  async function find(nodeId: string, length = 0): Promise<NodeRecord | undefined> {
    await write(nodeId)
    const row = await rowOf(nodeId)
    if (row && row.folded >= length) return recordOf(row)
    if (!row && (await store.length(nodeId)) === 0) return undefined
    await catchUpNode(nodeId)
    return get(nodeId)
  }

  async function isKnown(nodeId: string): Promise<boolean> {
    if (known.has(nodeId)) return true
    if (!(await rowOf(nodeId)) && (await store.length(nodeId)) === 0) return false
    if (known.size >= KNOWN) known.clear()
    known.add(nodeId)
    return true
  }

  async function list({ phase, provider, q, limit, cursor }: NodesQuery) {
    // Not for each page: in a fleet that never rests, each would wait for all of it.
    if (cursor === undefined) await flush()
    let query = database.selectFrom('nodes').selectAll()
    if (phase) query = query.where('phase', '=', phase)
    if (provider) query = query.where('provider', '=', provider)
    if (q) {
      const like = `%${q.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
      query = query.where(sql<boolean>`words like ${like} escape '\\'`)
    }
    const after = cursor === undefined ? undefined : readPageCursor(cursor)
    if (after) {
      query = query.where((where) =>
        where.or([
          where('created_at', '<', after.createdAt),
          where.and([
            where('created_at', '=', after.createdAt),
            where('node_id', '<', after.nodeId),
          ]),
        ]),
      )
    }
    const rows = await query
      .orderBy('created_at', 'desc')
      .orderBy('node_id', 'desc')
      .limit(limit + 1)
      .execute()
    const page = rows.slice(0, limit)
    const nodes = await recordsOf(page)
    const last = page.at(-1)
    return rows.length > limit && last ? { nodes, cursor: writePageCursor(last) } : { nodes }
  }

  async function records(nodeIds: readonly string[]): Promise<NodeRecord[]> {
    if (nodeIds.length === 0) return []
    const rows = await database
      .selectFrom('nodes')
      .selectAll()
      .where('node_id', 'in', nodeIds)
      .execute()
    return recordsOf(rows)
  }

  async function past(since: Instant | undefined): Promise<PastLaunch[]> {
    await flush()
    return launches.read(since)
  }

  async function count(): Promise<number> {
    const { nodes } = await database
      .selectFrom('nodes')
      .select(({ fn }) => fn.countAll<number>().as('nodes'))
      .executeTakeFirstOrThrow()
    return Number(nodes)
  }

  function watch(changed: (nodeId: string) => void): () => void {
    watchers.add(changed)
    return () => void watchers.delete(changed)
  }

  function tell(nodeId: string): void {
    for (const changed of watchers) changed(nodeId)
  }

  async function named(clusterName: string): Promise<string[]> {
    const rows = await database
      .selectFrom('nodes')
      .select('node_id')
      .where('cluster_name', '=', clusterName)
      .where('status', '!=', 'terminated')
      .execute()
    return rows.map((row) => row.node_id)
  }

  async function launching(): Promise<Launching[]> {
    await flush()
    const rows = await database
      .selectFrom('nodes')
      .select(['node_id', 'about', 'phase', 'folded', 'stalled'])
      .where('status', '=', 'launching')
      .execute()
    return Promise.all(
      rows.map(async ({ node_id: nodeId, about, phase, folded: entries, stalled }) => {
        const past = await history.of(JSON.parse(about) as About)
        return { nodeId, phase, entries, stalled: stalled !== 0, past }
      }),
    )
  }

  async function remove(nodeId: string): Promise<void> {
    pending.delete(nodeId)
    await write(nodeId)
    known.delete(nodeId)
    await database.transaction().execute(async (transaction) => {
      await transaction.deleteFrom('phases').where('node_id', '=', nodeId).execute()
      await transaction.deleteFrom('nodes').where('node_id', '=', nodeId).execute()
    })
    tell(nodeId)
  }

  function appended(nodeId: string, index: number, entries: readonly LogEntry[]): void {
    const news = pending.get(nodeId)
    if (news) news.push({ index, entries })
    else pending.set(nodeId, [{ index, entries }])
    // Soon, and not for every append: a busy node's record is written once for many entries.
    if (!writing) writeSoon()
  }

  function writeSoon(): void {
    const pause = Math.min(WRITE_BY, Math.max(WRITE_AFTER, WRITE_PAUSE * writeTook))
    timer ??= setTimeout(() => void flush(), pause)
  }

  async function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    // One under way may have passed a node by; what comes from now on is for the next: with a
    // fleet that never rests, this would not end.
    await writing
    const since = performance.now()
    writing ??= writePending().finally(() => {
      writing = undefined
      writeTook = performance.now() - since
      if (pending.size > 0) writeSoon()
    })
    await writing
  }

  async function writePending(): Promise<void> {
    let since = performance.now()
    for (const nodeId of [...pending.keys()]) {
      await write(nodeId)
      // A fleet that moves at once has thousands of records to write.
      if (performance.now() - since < SLICE) continue
      await nextTurn()
      since = performance.now()
    }
  }

  /** Stores what is pending of one node, and waits for what is being stored of it. */
  async function write(nodeId: string): Promise<void> {
    const news = pending.get(nodeId) ?? []
    pending.delete(nodeId)
    try {
      await inTurn(nodeId, async () => {
        if (news.length > 0) await takeIn(nodeId, news)
      })
    } catch (error) {
      // The list has it all; `catchUp` takes it in later.
      onFault(`record of ${nodeId}`, error)
    }
  }

  async function catchUp(): Promise<void> {
    await flush()
    for (const { node_id, folded } of [...(await underWay()), ...(await nextOthers())]) {
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

  /** A list of fewer entries than were taken in is another one, and taken in from its first. */
  function catchUpNode(nodeId: string): Promise<void> {
    return inTurn(nodeId, async () => {
      const folded = (await rowOf(nodeId))?.folded ?? 0
      for (let from = (await store.length(nodeId)) < folded ? 0 : folded; ; ) {
        const texts = await store.read(nodeId, from, PAGE)
        if (texts.length === 0) return
        await takeIn(nodeId, [{ index: from, entries: readable(texts) }], from + texts.length)
        from += texts.length
      }
    })
  }

  /** Folds news into the record. Where some before them are missing, these are read first. */
  async function takeIn(nodeId: string, news: readonly News[], length?: number): Promise<void> {
    const row = await rowOf(nodeId)
    let folded = row?.folded ?? 0
    const before = row ? fromRow(row, (await phasesOf([nodeId])).get(nodeId)) : UNFOLDED
    let record = before
    for (const { index, entries } of news) {
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
      folded = Math.max(length ?? index + entries.length, known + index)
    }
    await save(nodeId, { record, before, folded, row })
  }

  async function save(nodeId: string, { record, before, folded, row }: Change): Promise<void> {
    const time = now().toISOString()
    const columnsNow = { ...columns(record), folded, updated_at: time }
    await database.transaction().execute(async (transaction) => {
      if (row) {
        await transaction
          .updateTable('nodes')
          .set(columnsNow)
          .where('node_id', '=', nodeId)
          .execute()
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
    })
    tell(nodeId)
  }

  async function recordOf(row: Row): Promise<NodeRecord> {
    return (await recordsOf([row]))[0] as NodeRecord
  }

  async function recordsOf(rows: Row[]): Promise<NodeRecord[]> {
    const phases = await phasesOf(rows.map((row) => row.node_id))
    return Promise.all(rows.map(async (row) => withEta(toRecord(row, phases.get(row.node_id)))))
  }

  async function withEta(record: NodeRecord): Promise<NodeRecord> {
    const current = record.phases.at(-1)
    if (isTerminal(record.phase) || !current) return record
    const elapsed = now().getTime() - Date.parse(current.started_at)
    const eta = etaSeconds(record.phase, elapsed, await history.of(record))
    return eta === undefined ? record : { ...record, eta_seconds: eta }
  }

  function rowOf(nodeId: string): Promise<Row | undefined> {
    return database.selectFrom('nodes').selectAll().where('node_id', '=', nodeId).executeTakeFirst()
  }

  async function phasesOf(nodeIds: string[]): Promise<Map<string, PhaseRow[]>> {
    const byNode = new Map<string, PhaseRow[]>()
    if (nodeIds.length === 0) return byNode
    const rows = await database
      .selectFrom('phases')
      .selectAll()
      .where('node_id', 'in', nodeIds)
      .orderBy('position')
      .execute()
    for (const row of rows) {
      const known = byNode.get(row.node_id)
      if (known) known.push(row)
      else byNode.set(row.node_id, [row])
    }
    return byNode
  }
}

/** Whether a list tells the launch from its beginning, and not how it went on. */
function goesBack({ phase }: Folded, [first]: readonly LogEntry[]): boolean {
  return first !== undefined && phaseOrder(first.phase) < phaseOrder(phase)
}

function readable(texts: readonly string[]): LogEntry[] {
  return texts.map(readEntry).filter((entry) => entry !== undefined)
}
