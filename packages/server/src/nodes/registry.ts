import {
  type Failure,
  isTerminal,
  type LogEntry,
  type NodeRecord,
  type NodesQuery,
  PHASES,
  type Phase,
  type PhaseTiming,
} from '@launchtail/client/protocol'
import { type Selectable, sql } from 'kysely'
import type { Database } from '../database/open.js'
import type { NodesTable, PhasesTable } from '../database/schema.js'
import { HttpError } from '../errors.js'
import { UNKNOWN } from '../launch/causes/index.js'
import { readEntry } from '../logs/entry-text.js'
import type { LogStore } from '../logs/store.js'
import { createTurns } from '../turns.js'
import { type Folded, fold, UNFOLDED } from './fold.js'
import { createHistory } from './history.js'
import { etaSeconds, type Past } from './stall.js'

/** What the caller said of a node; the rest of its record comes from its list. */
export type About = Partial<
  Pick<
    NodeRecord,
    'name' | 'provider' | 'region' | 'gpu' | 'gpu_count' | 'model' | 'use_spot' | 'labels'
  >
>

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
  now?: () => Date
  onFault?: (message: string, error: unknown) => void
}

type Row = Selectable<NodesTable>
interface News {
  index: number
  entries: readonly LogEntry[]
}

/** How many entries are read from a list at once to bring a record up to date. */
const PAGE = 500
/** Milliseconds in which news of a node are gathered before its record is written. */
const WRITE_AFTER = 50
/** Ids that are remembered as known. */
const KNOWN = 10_000

/**
 * The nodes' records. What they tell of a launch is a fold of the node's list, kept with the number
 * of entries it has taken in, so a crash between the two leaves nothing apart: see `catchUp`.
 */
export function createRegistry({
  database,
  store,
  now = () => new Date(),
  onFault = () => {},
}: RegistryOptions): Registry {
  const pending = new Map<string, News[]>()
  let writing: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  const known = new Set<string>()
  /** A record is read, folded on and written by one at a time. */
  const inTurn = createTurns()
  const history = createHistory(database)
  return { create, get, find, isKnown, list, named, launching, remove, appended, catchUp, flush }

  async function create(node: NewRecord): Promise<NodeRecord> {
    await flush()
    await inTurn(node.nodeId, () => add(node))
    return (await get(node.nodeId)) as NodeRecord
  }

  async function add({ nodeId, clusterName, about, replace = false }: NewRecord): Promise<void> {
    const time = now().toISOString()
    const existing = await rowOf(nodeId)
    if (existing && !replace) throw new HttpError(409, `node ${nodeId} exists`)
    const said = {
      cluster_name: clusterName ?? null,
      about: JSON.stringify(about),
      provider: about.provider ?? null,
      words: wordsOf(nodeId, clusterName, about),
      created_at: time,
      updated_at: time,
    }
    if (existing) {
      await database.updateTable('nodes').set(said).where('node_id', '=', nodeId).execute()
    } else {
      const row = { node_id: nodeId, ...said, ...columns(UNFOLDED), folded: 0 }
      await database
        .insertInto('nodes')
        .values(row)
        .execute()
        .catch((error) => {
          // Another request was quicker by a moment.
          throw new HttpError(409, `node ${nodeId} exists`, { cause: error })
        })
    }
  }

  async function get(nodeId: string): Promise<NodeRecord | undefined> {
    await flush()
    const row = await rowOf(nodeId)
    return row && (await recordOf(row))
  }

  async function find(nodeId: string, length = 0): Promise<NodeRecord | undefined> {
    await flush()
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
    await flush()
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
    await flush()
    known.delete(nodeId)
    await database.transaction().execute(async (transaction) => {
      await transaction.deleteFrom('phases').where('node_id', '=', nodeId).execute()
      await transaction.deleteFrom('nodes').where('node_id', '=', nodeId).execute()
    })
  }

  function appended(nodeId: string, index: number, entries: readonly LogEntry[]): void {
    const news = pending.get(nodeId)
    if (news) news.push({ index, entries })
    else pending.set(nodeId, [{ index, entries }])
    // Soon, and not for every append: a busy node's record is written once for many entries.
    timer ??= setTimeout(() => void flush(), WRITE_AFTER)
  }

  async function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    while (writing || pending.size > 0) {
      writing ??= writePending()
      await writing
    }
  }

  async function writePending(): Promise<void> {
    for (const [nodeId, news] of pending) {
      pending.delete(nodeId)
      try {
        await inTurn(nodeId, () => takeIn(nodeId, news))
      } catch (error) {
        // The list has it all; `catchUp` takes it in later.
        onFault(`record of ${nodeId}`, error)
      }
    }
    writing = undefined
  }

  async function catchUp(): Promise<void> {
    await flush()
    const rows = await database
      .selectFrom('nodes')
      .select(['node_id', 'folded'])
      .where('status', '=', 'launching')
      .execute()
    for (const { node_id, folded } of rows) {
      try {
        const length = await store.length(node_id)
        if (length > folded) await catchUpNode(node_id)
      } catch (error) {
        onFault(`record of ${node_id}`, error)
        // One list that cannot be read must not keep the others' records from going on.
        await store.ping()
      }
    }
  }

  function catchUpNode(nodeId: string): Promise<void> {
    return inTurn(nodeId, async () => {
      for (;;) {
        const folded = (await rowOf(nodeId))?.folded ?? 0
        const texts = await store.read(nodeId, folded, PAGE)
        if (texts.length === 0) return
        await takeIn(nodeId, [{ index: folded, entries: readable(texts) }], folded + texts.length)
      }
    })
  }

  /** Folds news into the record. Where some before them are missing, these are read first. */
  async function takeIn(nodeId: string, news: readonly News[], length?: number): Promise<void> {
    const row = await rowOf(nodeId)
    let folded = row?.folded ?? 0
    let record = row ? fromRow(row, await phasesOf([nodeId])) : UNFOLDED
    for (const { index, entries } of news) {
      let known = 0
      if (index > folded) {
        for (const entry of readable(await store.read(nodeId, folded, index - folded))) {
          record = fold(record, entry)
        }
      } else if (index < folded && (await store.length(nodeId)) >= folded) {
        // Read already by `catchUp`. In a list that is shorter they would be a new list's.
        known = folded - index
      }
      for (const entry of entries.slice(known)) record = fold(record, entry)
      folded = length ?? Math.max(index + entries.length, known + index)
    }
    await save(nodeId, record, folded, row)
  }

  async function save(nodeId: string, record: Folded, folded: number, row: Row | undefined) {
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
    })
  }

  async function recordOf(row: Row): Promise<NodeRecord> {
    return (await recordsOf([row]))[0] as NodeRecord
  }

  async function recordsOf(rows: Row[]): Promise<NodeRecord[]> {
    const phases = await phasesOf(rows.map((row) => row.node_id))
    return Promise.all(rows.map(async (row) => withEta(toRecord(row, phases))))
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

  async function phasesOf(nodeIds: string[]): Promise<Selectable<PhasesTable>[]> {
    if (nodeIds.length === 0) return []
    return database
      .selectFrom('phases')
      .selectAll()
      .where('node_id', 'in', nodeIds)
      .orderBy('position')
      .execute()
  }
}

/** What a node is looked for by. */
function wordsOf(nodeId: string, clusterName: string | undefined, about: About): string {
  const { name, model, gpu, region, provider } = about
  const words = [nodeId, clusterName, name, model, gpu, region, provider]
  return words
    .filter((word) => word !== undefined)
    .join('\n')
    .toLowerCase()
}

function readable(texts: readonly string[]): LogEntry[] {
  return texts.map(readEntry).filter((entry) => entry !== undefined)
}

function columns(record: Folded) {
  return {
    status: record.status,
    phase: record.phase,
    progress: record.progress,
    message: record.message,
    endpoint: record.endpoint ?? null,
    failure: record.failure ? JSON.stringify(record.failure) : null,
    clues: JSON.stringify(record.clues),
    stalled: record.stalled ? 1 : 0,
    ended_at: record.ended_at ?? null,
  }
}

function fromRow(row: Row, phases: Selectable<PhasesTable>[]): Folded {
  return {
    status: row.status,
    phase: row.phase,
    progress: row.progress,
    message: row.message,
    endpoint: row.endpoint ?? undefined,
    failure: row.failure === null ? undefined : readFailure(row.failure),
    clues:
      row.clues === null ? { phase: row.phase, progress: row.progress } : JSON.parse(row.clues),
    stalled: row.stalled !== 0,
    ended_at: row.ended_at ?? undefined,
    phases: timingsOf(row.node_id, phases),
    finished: [],
  }
}

/** Records of before there were causes tell none. */
function readFailure(text: string): Failure {
  const { code, advice } = UNKNOWN
  return { code, advice, ...(JSON.parse(text) as Omit<Failure, 'code' | 'advice'>) }
}

function toRecord(row: Row, phases: Selectable<PhasesTable>[]): NodeRecord {
  const folded = fromRow(row, phases)
  const { status, phase, progress, message, endpoint, failure, ended_at, stalled } = folded
  return {
    node_id: row.node_id,
    ...(row.cluster_name !== null && { cluster_name: row.cluster_name }),
    ...(JSON.parse(row.about) as About),
    ...{ status, phase, progress, message },
    ...(endpoint !== undefined && { endpoint }),
    created_at: row.created_at,
    updated_at: row.updated_at,
    ...(ended_at !== undefined && { ended_at }),
    ...(failure && { failure }),
    ...(stalled && { stalled }),
    phases: folded.phases,
  }
}

function timingsOf(nodeId: string, phases: Selectable<PhasesTable>[]): PhaseTiming[] {
  return phases
    .filter((row) => row.node_id === nodeId && PHASES.includes(row.phase))
    .map(({ phase, started_at, ended_at }) =>
      ended_at === null
        ? { phase, started_at }
        : {
            phase,
            started_at,
            ended_at,
            duration_ms: Math.max(0, Date.parse(ended_at) - Date.parse(started_at)),
          },
    )
}

function writePageCursor({ created_at, node_id }: Row): string {
  return Buffer.from(`${created_at} ${node_id}`).toString('base64url')
}

function readPageCursor(text: string): { createdAt: string; nodeId: string } {
  const [createdAt, nodeId, more] = Buffer.from(text, 'base64url').toString().split(' ')
  if (!createdAt || !nodeId || more !== undefined) {
    throw new HttpError(400, "invalid 'cursor' value")
  }
  return { createdAt, nodeId }
}
