import {
  type Instant,
  isTerminal,
  type LogEntry,
  type NodeRecord,
  type NodesQuery,
  type PastLaunch,
  type Phase,
} from '@launchtail/client/protocol'
import { sql } from 'kysely'
import { createMutex } from '../async/mutex.js'
import type { Database } from '../database/open.js'
import { HttpError } from '../errors.js'
import type { LogStore } from '../logs/store.js'
import { UNFOLDED } from './fold.js'
import { createHistory } from './history.js'
import { createLaunchHistory } from './launch-history.js'
import { inOneQuery, phasesOf, rowsOf } from './reads.js'
import { createRecordWriter } from './record-writer.js'
import {
  type About,
  columns,
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

/** Ids that are remembered as known. */
const KNOWN = 10_000

/** The nodes' records. What they tell of a launch is a fold of the node's list: `record-writer.ts`. */
export function createRegistry({
  database,
  store,
  redact = (text) => text,
  now = () => new Date(),
  onFault = () => {},
}: RegistryOptions): Registry {
  const known = new Set<string>()
  const locked = createMutex()
  const history = createHistory(database)
  const launches = createLaunchHistory(database)
  const watchers = new Set<(nodeId: string) => void>()
  const writer = createRecordWriter({
    ...{ database, store, locked, history, launches, tell, now, onFault },
  })
  const { write, appended, catchUp, catchUpNode, flush } = writer
  const rowOf = inOneQuery((nodeIds) => rowsOf(database, nodeIds))
  const phasesOfOne = inOneQuery((nodeIds) => phasesOf(database, nodeIds))
  return {
    ...{ create, get, find, isKnown, list, records, count, watch, named, launching, remove },
    ...{ past, appended, catchUp, flush },
  }

  async function create(node: NewRecord): Promise<NodeRecord> {
    await write(node.nodeId)
    await locked(node.nodeId, () => add(node))
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
    return recordsOf([...(await rowsOf(database, nodeIds)).values()])
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
    writer.drop(nodeId)
    await write(nodeId)
    known.delete(nodeId)
    await database.transaction().execute(async (transaction) => {
      await transaction.deleteFrom('phases').where('node_id', '=', nodeId).execute()
      await transaction.deleteFrom('nodes').where('node_id', '=', nodeId).execute()
    })
    tell(nodeId)
  }

  async function recordOf(row: Row): Promise<NodeRecord> {
    return withEta(toRecord(row, await phasesOfOne(row.node_id)))
  }

  async function recordsOf(rows: Row[]): Promise<NodeRecord[]> {
    const phases = await phasesOf(
      database,
      rows.map((row) => row.node_id),
    )
    return Promise.all(rows.map(async (row) => withEta(toRecord(row, phases.get(row.node_id)))))
  }

  async function withEta(record: NodeRecord): Promise<NodeRecord> {
    const current = record.phases.at(-1)
    if (isTerminal(record.phase) || !current) return record
    const elapsed = now().getTime() - Date.parse(current.started_at)
    const eta = etaSeconds(record.phase, elapsed, await history.of(record))
    return eta === undefined ? record : { ...record, eta_seconds: eta }
  }
}
