import type { Sqlite } from '../../sqlite.js'
import { createInsert, inOrder, rowsOf, sizeOf } from './entry-rows.js'
import { createHoles, type Hole } from './holes.js'
import type { Page } from './pages.js'
import { transaction } from './tables.js'

/** Entries that fill a hole, from its first on. None where the list has become another one. */
export interface Filling extends Pick<Page, 'texts' | 'checks'> {
  readonly list: number
}

/** Stores what holes hold, in one transaction, under the numbers that are reserved for it. */
export function createFill(db: Sqlite): (fillings: readonly Filling[]) => void {
  const holes = createHoles(db)
  const insert = createInsert(db)
  const keptFrom = db.prepare('select kept_from as "from" from lists where id = ?')
  const grow = db.prepare('update lists set size = size + ? where id = ?')
  return (fillings) => transaction(db, () => fill(fillings))

  function fill(fillings: readonly Filling[]): void {
    const known = new Map(holes.all().map((hole) => [hole.list, hole]))
    const pages = fillings.flatMap((filling) => {
      const hole = known.get(filling.list)
      return hole ? [rowsIn(hole, filling)] : []
    })
    if (pages.length > 0) holes.advance(insert(inOrder(pages), holes.nextNumber()))
    // Forgets what is filled.
    holes.all()
  }

  function rowsIn({ list, from }: Hole, { texts, checks }: Filling) {
    holes.filled(list, texts.length === 0 ? undefined : texts.length)
    const { from: kept } = keptFrom.get(list) as { from: number }
    // Meanwhile entries may have been removed for lack of room.
    const rows = rowsOf({ from, texts, checks }, list).filter(({ idx }) => idx >= kept)
    grow.run(sizeOf(rows), list)
    return rows
  }
}
