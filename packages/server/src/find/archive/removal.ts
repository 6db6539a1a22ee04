import type { Sqlite } from '../../sqlite.js'
import { transaction } from './tables.js'

export interface Keeping {
  /** Milliseconds after its last entry for which a list is kept: live and then in the archive. */
  readonly usual: number
  /** The same for one whose launch has failed. */
  readonly failed: number
  /** The most bytes that the archive's file has in use. */
  readonly maxBytes: number
}

/** Takes lists out of the archive. They are not found any more; their rows are deleted in slices. */
export interface Removal {
  /** Takes out all lists of a node. */
  forget(nodeId: string): void
  /** Takes out the lists whose time is over. Returns when the next one's will be. */
  expire(now: number): number | undefined
  /** Milliseconds for which any list is kept. */
  readonly shortest: number
  /** Takes out the entries of the oldest lists until the rest fits. Returns the nodes they are of. */
  makeFit(): string[]
  /** Deletes some rows of what was taken out. False if there is nothing left to delete. */
  purge(): boolean
}

/** Rows that are deleted at once: about 10 ms. */
const SLICE = 500
/** The part of the room that is in use after lists were taken out for lack of it. */
const FILL = 0.9

export function createRemoval(db: Sqlite, { usual, failed, maxBytes }: Keeping): Removal {
  const statements = prepare(db)
  return { forget, expire, shortest: Math.min(usual, failed), makeFit, purge }

  function forget(nodeId: string): void {
    statements.forget.run(nodeId)
  }

  function expire(now: number): number | undefined {
    statements.expire.run(failed, usual, now)
    const { at } = statements.nextExpiry.get(failed, usual) as { at: number | null }
    return at ?? undefined
  }

  /** Entries are what takes the room; all else is in proportion to them. */
  function makeFit(): string[] {
    const { used } = statements.used.get() as { used: number }
    if (used <= maxBytes) return []
    const lists = statements.oldest.all() as { id: number; node: string; size: number }[]
    const size = lists.reduce((sum, list) => sum + list.size, 0)
    let excess = (used - maxBytes * FILL) * (size / used)
    const nodes: string[] = []
    for (const list of lists) {
      if (excess <= 0) break
      statements.empty.run(list.id)
      excess -= list.size
      nodes.push(list.node)
    }
    return nodes
  }

  function purge(): boolean {
    const list = statements.toPurge.get() as
      | { id: number; upTo: number; removed: number }
      | undefined
    if (!list) return false
    transaction(db, () => {
      const rows = statements.some.all(list.id, list.upTo, SLICE) as { id: number }[]
      for (const { id } of rows) {
        statements.deleteWords.run(id)
        statements.deleteEntry.run(id)
      }
      if (list.removed && rows.length < SLICE) statements.deleteList.run(list.id)
    })
    return true
  }
}

function prepare(db: Sqlite) {
  return {
    forget: db.prepare('update lists set removed = 1 where node = ?'),
    expire: db.prepare(
      `update lists set removed = 1
       where removed = 0 and written_at + case failed when 1 then ? else ? end <= ?`,
    ),
    nextExpiry: db.prepare(
      `select min(written_at + case failed when 1 then ? else ? end) as at
       from lists where removed = 0`,
    ),
    used: db.prepare(
      `select (page_count - freelist_count) * page_size as used
       from pragma_page_count, pragma_freelist_count, pragma_page_size`,
    ),
    oldest: db.prepare(
      'select id, node, size from lists where removed = 0 and size > 0 order by written_at',
    ),
    empty: db.prepare('update lists set kept_from = length, size = 0 where id = ?'),
    toPurge: db.prepare(
      `select id, case removed when 1 then length else kept_from end as upTo, removed from lists
       where removed = 1 or (kept_from > 0 and exists
         (select 1 from entries where list = lists.id and idx < kept_from)) limit 1`,
    ),
    some: db.prepare('select id from entries where list = ? and idx < ? limit ?'),
    deleteWords: db.prepare('delete from words where rowid = ?'),
    deleteEntry: db.prepare('delete from entries where id = ?'),
    deleteList: db.prepare('delete from lists where id = ?'),
  }
}
