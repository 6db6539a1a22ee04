import type { ArchiveDb, ArchiveTransaction } from './archive-db.js'
import { inOrder, insertRows, type Row, rowsOf, sizeOf } from './entry-rows.js'
import { setFact, stateOf } from './facts.js'
import { filled, forgetFilled, type Hole, holesIn } from './holes.js'
import type { Page } from './pages.js'

/** Entries that fill a hole, from its first on. None where the list has become another one. */
export interface Filling extends Pick<Page, 'texts' | 'checks' | 'from'> {
  readonly list: number
}

/** Stores what holes hold, in one transaction, under the numbers that are reserved for it. */
export function fill(db: ArchiveDb, fillings: readonly Filling[]): Promise<void> {
  return db.transaction(async (transaction) => {
    const holes = new Map((await holesIn(transaction)).map((hole) => [hole.list, hole]))
    const pages: Row[][] = []
    for (const filling of fillings) {
      const hole = holes.get(filling.list)
      // Another server may have filled it meanwhile.
      if (hole?.from === filling.from) pages.push(await rowsIn(transaction, hole, filling))
    }
    const { reserved } = await stateOf(transaction)
    if (reserved && pages.length > 0) {
      const next = await insertRows(transaction, inOrder(pages), reserved.from)
      await setFact(transaction, 'reserved', next)
    }
    await forgetFilled(transaction)
  })
}

async function rowsIn(
  db: ArchiveTransaction,
  { list, from }: Hole,
  { texts, checks }: Filling,
): Promise<Row[]> {
  await filled(db, list, texts.length === 0 ? undefined : texts.length)
  const kept = await db.one<{ from: number }>(
    'select kept_from as "from" from {lists} where id = ?',
    list,
  )
  // Meanwhile entries may have been removed for lack of room.
  const rows = rowsOf({ from, texts, checks }, list).filter(({ idx }) => idx >= (kept?.from ?? 0))
  await db.run('update {lists} set size = size + ? where id = ?', sizeOf(rows), list)
  return rows
}
