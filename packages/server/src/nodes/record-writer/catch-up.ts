import type { Mutex } from '../../async/mutex.js'
import type { Database } from '../../database/open.js'
import type { ReadText } from '../../logs/entry-text.js'
import type { LogStore } from '../../logs/store.js'
import { launchingRows, rowsOf } from '../reads.js'
import type { TakeIn } from './intake.js'
import { readable } from './news.js'
import type { Pending } from './pending.js'

export interface CatchUpOptions {
  database: Database
  store: LogStore
  readText: ReadText
  locked: Mutex
  pending: Pick<Pending, 'has'>
  takeIn: TakeIn
  now: () => Date
  flush: () => Promise<void>
  onFault: (message: string, error: unknown) => void
}

/** Entries that are read from a list at once. */
const PAGE = 500
/** A record that other servers store, too, is stored by this one after so many attempts. */
const MOST_ATTEMPTS = 50
/** Nodes that are not launching and are compared with their lists in one round. */
const COMPARED = 500

/** Compares the records with their lists, and takes in what the records lack. */
export function createCatchUp({
  database,
  store,
  readText,
  locked,
  pending,
  takeIn,
  now,
  flush,
  onFault,
}: CatchUpOptions) {
  /** The last of the nodes that are not launching that was compared. */
  let compared = ''
  return { catchUp, catchUpLaunching, catchUpNode }

  async function catchUp(): Promise<void> {
    await flush()
    for (const { node_id, folded } of [...(await launchingRows(database)), ...(await others())]) {
      // It is stored soon, and then what is missing before it is read.
      if (pending.has(node_id)) continue
      try {
        const length = await store.length(node_id)
        // The record of a list that has expired stays as it is.
        if (length > 0 && length !== folded) await catchUpNode(node_id)
      } catch (error) {
        onFault(`record of ${node_id}`, error)
        // A list that cannot be read must not hold up the others; storage that is away ends the round.
        await store.ping()
      }
    }
  }

  async function catchUpLaunching(): Promise<void> {
    await flush()
    const rows = await launchingRows(database)
    const lengths = await Promise.all(rows.map(({ node_id }) => store.length(node_id)))
    for (const [i, { node_id, folded }] of rows.entries()) {
      if ((lengths[i] ?? 0) > folded) await catchUpNode(node_id)
    }
  }

  /** The next of the other nodes: another program may launch one anew without telling anybody. */
  async function others() {
    const rows = await database
      .selectFrom('nodes')
      .select(['node_id', 'folded'])
      .where('status', '!=', 'launching')
      .where('node_id', '>', compared)
      .orderBy('node_id')
      .limit(COMPARED)
      .execute()
    compared = rows.length < COMPARED ? '' : (rows.at(-1)?.node_id ?? '')
    return rows
  }

  /**
   * Reads up to where the list ends at the time of the call: behind a busy writer there is always
   * one more entry. A list with fewer entries than the record includes is a new one, and is read
   * from its beginning.
   */
  async function catchUpNode(nodeId: string): Promise<void> {
    let attempts = 1
    while (await isOvertaken(nodeId)) {
      if (attempts === MOST_ATTEMPTS) throw new Error(`the record of ${nodeId} never rests`)
      attempts += 1
    }
  }

  /** Returns true if another server has stored the record meanwhile: then it is to be read again. */
  function isOvertaken(nodeId: string): Promise<boolean> {
    return locked(nodeId, async () => {
      const row = (await rowsOf(database, [nodeId])).get(nodeId)
      const folded = row?.folded ?? 0
      const time = now().toISOString()
      const listed = { nodeId, store, readText, createdAt: row?.created_at ?? time }
      const end = await store.length(nodeId)
      for (let index = end < folded ? 0 : folded; index < end; ) {
        const texts = await store.read(nodeId, index, PAGE)
        const { length } = texts
        if (length === 0) return false
        const entries = await readable(texts, index, listed)
        const overtaken = await takeIn(
          new Map([[nodeId, { news: [{ index, length, entries }] }]]),
          time,
        )
        if (overtaken.length > 0) return true
        index += length
      }
      return false
    })
  }
}
