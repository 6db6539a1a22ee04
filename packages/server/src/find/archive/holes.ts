import type { Sqlite } from '../../sqlite.js'
import { factOf, setFact } from './tables.js'

/** Entries of a list that were passed over: the archive has later ones, and has yet to take these in. */
export interface Hole {
  readonly list: number
  readonly nodeId: string
  /** The index of the first of them. */
  readonly from: number
  /** The index behind the last of them, of an entry that the archive has. */
  readonly to: number
  /** The check of that entry: where the list has another there, it has become another list. */
  readonly check: string
}

/**
 * A search for the newest entries does not wait for all that a burst has left. The newest of each list are
 * taken in first. Numbers are reserved for the rest, so the order of entries is what it would have been.
 */
export interface Holes {
  /** The last of the reserved numbers; undefined where there is no hole. */
  top(): number | undefined
  /** Reserves numbers for what the holes hold, from `next` on. Returns the number behind them. */
  reserve(holes: readonly Omit<Hole, 'nodeId'>[], next: number): number
  /** All holes that can be filled. Forgets those of lists that were taken out. */
  all(): Hole[]
  /** The number that the next entry gets that is filled in. */
  nextNumber(): number
  /** So many entries of the list were filled in. A hole may not be filled any more: undefined. */
  filled(list: number, count: number | undefined): void
  /** Entries were filled in under the numbers below this one. */
  advance(next: number): void
}

export function createHoles(db: Sqlite): Holes {
  const insert = db.prepare('insert into holes (list, "from", "to", "check") values (?, ?, ?, ?)')
  const select = db.prepare(
    `select list, node as nodeId, "from", "to", "check" from holes join lists on lists.id = list
     order by list`,
  )
  const shrink = db.prepare('update holes set "from" = "from" + ? where list = ?')
  const fill = db.prepare('delete from holes where list = ?')
  const clean = db.prepare(
    `delete from holes where "from" >= "to"
     or list not in (select id from lists where removed = 0)`,
  )
  return {
    top() {
      const top = factOf(db, 'reserved-to')
      return top === undefined ? undefined : Number(top)
    },
    reserve(holes, next) {
      const count = holes.reduce((sum, { from, to }) => sum + to - from, 0)
      for (const { list, from, to, check } of holes) insert.run(list, from, to, check)
      if (count === 0) return next
      setFact(db, 'reserved', String(next))
      setFact(db, 'reserved-to', String(next + count - 1))
      return next + count
    },
    all() {
      clean.run()
      const holes = select.all() as unknown as Hole[]
      if (holes.length === 0) forgetNumbers(db)
      return holes
    },
    nextNumber: () => Number(factOf(db, 'reserved')),
    filled(list, count) {
      if (count === undefined) fill.run(list)
      else shrink.run(count, list)
    },
    advance: (next) => setFact(db, 'reserved', String(next)),
  }
}

function forgetNumbers(db: Sqlite): void {
  db.exec(`delete from facts where name in ('reserved', 'reserved-to')`)
}
