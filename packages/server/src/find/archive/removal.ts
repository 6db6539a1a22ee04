import type { ArchiveDb } from './archive-db.js'
import { setFact, stateOf } from './facts.js'

export interface Keeping {
  /** Milliseconds after its last entry for which a list is kept: live and then in the archive. */
  readonly usual: number
  /** The same for one whose launch has failed. */
  readonly failed: number
  /** The most bytes that the archive takes. */
  readonly maxBytes: number
}

/** Takes lists out of the archive. They are not found any more; their rows are deleted in slices. */
export interface Removal {
  /** Takes out all lists of a node. */
  forget(nodeId: string): Promise<void>
  /** Takes out the lists whose time is over. Returns when the next one's will be. */
  expire(now: number): Promise<number | undefined>
  /** Milliseconds for which any list is kept. */
  readonly shortest: number
  /** Takes out the entries of the oldest lists until the rest fits. Returns the nodes they are of. */
  makeFit(): Promise<string[]>
  /** Deletes some rows of what was taken out. False if there is nothing left to delete. */
  purge(): Promise<boolean>
}

/** Rows that are deleted at once: about 10 ms. */
const SLICE = 500
/** The part of the room that is in use after lists were taken out for lack of it. */
const FILL = 0.9

export function createRemoval(db: ArchiveDb, { usual, failed, maxBytes }: Keeping): Removal {
  return { forget, expire, shortest: Math.min(usual, failed), makeFit, purge }

  function forget(nodeId: string): Promise<void> {
    return db.transaction(async (transaction) => {
      await transaction.run('update {lists} set removed = 1 where node = ?', nodeId)
      const { removals } = await stateOf(transaction)
      await setFact(transaction, 'removals', removals + 1)
    })
  }

  async function expire(now: number): Promise<number | undefined> {
    const next = await nextExpiry()
    if (next === undefined || next > now) return next
    await db.transaction((transaction) =>
      transaction.run(
        `update {lists} set removed = 1 where removed = 0
         and written_at + case failed when 1 then cast(? as bigint) else ? end <= ?`,
        ...[failed, usual, now],
      ),
    )
    return nextExpiry()
  }

  async function nextExpiry(): Promise<number | undefined> {
    const row = await db.one<{ at: number | null }>(
      `select min(written_at + case failed when 1 then cast(? as bigint) else ? end) as at
       from {lists} where removed = 0`,
      ...[failed, usual],
    )
    return row?.at ?? undefined
  }

  /** Entries are what takes the room; all else is in proportion to them. */
  async function makeFit(): Promise<string[]> {
    if ((await db.used()) <= maxBytes) return []
    return db.transaction(async (transaction) => {
      const used = await db.used()
      const lists = await transaction.all<{ id: number; node: string; size: number }>(
        'select id, node, size from {lists} where removed = 0 and size > 0 order by written_at',
      )
      const size = lists.reduce((sum, list) => sum + list.size, 0)
      let excess = (used - maxBytes * FILL) * (size / used)
      const nodes: string[] = []
      for (const list of lists) {
        if (excess <= 0) break
        await transaction.run(
          'update {lists} set kept_from = length, size = 0 where id = ?',
          list.id,
        )
        excess -= list.size
        nodes.push(list.node)
      }
      return nodes
    })
  }

  async function purge(): Promise<boolean> {
    if (!(await toPurge(db))) return false
    await db.transaction(async (transaction) => {
      const list = await toPurge(transaction)
      if (!list) return
      const rows = await transaction.all<{ id: number }>(
        'select id from {entries} where list = ? and idx < ? limit ?',
        ...[list.id, list.upTo, SLICE],
      )
      await transaction.deleteEntries(rows.map(({ id }) => id))
      if (list.removed && rows.length < SLICE) {
        await transaction.run('delete from {lists} where id = ?', list.id)
      }
    })
    return true
  }

  function toPurge({ one }: Pick<ArchiveDb, 'one'>) {
    return one<{ id: number; upTo: number; removed: number }>(
      `select id, case removed when 1 then length else kept_from end as "upTo", removed
       from {lists} as lists
       where removed = 1 or (kept_from > 0 and exists
         (select 1 from {entries} as entries
          where entries.list = lists.id and entries.idx < lists.kept_from)) limit 1`,
    )
  }
}
