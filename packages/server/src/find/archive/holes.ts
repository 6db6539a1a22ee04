import type { ArchiveTransaction, Statements } from './archive-db.js'
import { setFact } from './facts.js'

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

// A search for the newest entries does not wait for all that a burst has left. The newest of each list are
// taken in first. Numbers are reserved for the rest, so the order of entries is what it would have been.

/** All holes that can be filled. */
export function holesIn(db: Statements): Promise<Hole[]> {
  return db.all<Hole>(
    `select list, node as "nodeId", "from", "to", "check" from {holes} as holes
     join {lists} as lists on lists.id = holes.list
     where lists.removed = 0 and "from" < "to" order by list`,
  )
}

/** Reserves numbers for what the holes hold, from `next` on. Returns the number behind them. */
export async function reserve(
  db: ArchiveTransaction,
  holes: readonly Omit<Hole, 'nodeId'>[],
  next: number,
): Promise<number> {
  const count = holes.reduce((sum, { from, to }) => sum + to - from, 0)
  if (count === 0) return next
  await db.insertAll(
    'holes',
    holes.map(({ list, from, to, check }) => ({ list, from, to, check })),
  )
  await setFact(db, 'reserved', next)
  await setFact(db, 'reserved-to', next + count - 1)
  return next + count
}

/** So many entries of the list were filled in. A hole may not be filled any more: undefined. */
export function filled(
  db: ArchiveTransaction,
  list: number,
  count: number | undefined,
): Promise<void> {
  if (count === undefined) return db.run('delete from {holes} where list = ?', list)
  return db.run('update {holes} set "from" = "from" + ? where list = ?', count, list)
}

/** Forgets holes that are filled and those of lists that were taken out, and with the last one the numbers. */
export async function forgetFilled(db: ArchiveTransaction): Promise<void> {
  await db.run(
    `delete from {holes} where "from" >= "to"
     or list not in (select id from {lists} where removed = 0)`,
  )
  await db.run(
    `delete from {facts} where name in ('reserved', 'reserved-to')
     and not exists (select 1 from {holes})`,
  )
}
