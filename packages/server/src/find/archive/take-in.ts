import { checkOf } from '../../logs/check.js'
import { readEntry } from '../../logs/entry-text.js'
import type { Sqlite } from '../../sqlite.js'
import { createInsert, inOrder, type Row, rowsOf, sizeOf } from './entry-rows.js'
import { createHoles, type Hole } from './holes.js'
import { NOTHING_YET, type Page, type Reached } from './pages.js'
import { factOf, setFact, transaction } from './tables.js'

/**
 * Stores pages in one transaction, and tells how far it has each list then. A page that does not
 * continue what is there is not stored.
 */
export type TakeIn = (pages: readonly Page[], now: number) => Reached[]

interface List {
  readonly id: number
  readonly length: number
  readonly last_check: string
}

export function createTakeIn(db: Sqlite): TakeIn {
  const write = prepare(db)
  const insert = createInsert(db)
  const holes = createHoles(db)
  return (pages, now) => transaction(db, () => takeIn(pages, now))

  function takeIn(pages: readonly Page[], now: number): Reached[] {
    const rows: Row[][] = []
    const passed: Omit<Hole, 'nodeId'>[] = []
    const reached = pages.map((page) => {
      const list = listFor(page, now)
      if (!list) return NOTHING_YET
      const { length: before, last_check: last } = list
      const { from, texts, previous = '0' } = page
      if (startOf(page) !== before || previous !== last) return { length: before, check: last }
      const added = rowsOf(page, list.id)
      rows.push(added)
      if (from > before) {
        const check = checkAt(added[0] as Row)
        passed.push({ list: list.id, from: before, to: from, check })
      }
      const [length, check] = [from + texts.length, checkAt(added.at(-1) as Row)]
      write.grow.run(length, check, endOf(added), now, sizeOf(added), list.id)
      return { length, check }
    })
    if (rows.length > 0) {
      const next = holes.reserve(passed, Number(factOf(db, 'next') ?? 1))
      setFact(db, 'next', String(insert(inOrder(rows), next)))
    }
    return reached
  }

  /** The list that a page continues; a new one for a page that begins one. */
  function listFor(page: Page, now: number): List | undefined {
    const { nodeId, previous } = page
    if (previous !== undefined || startOf(page) > 0) {
      return write.list.get(nodeId) as List | undefined
    }
    const { lastInsertRowid } = write.create.run(nodeId, now)
    return { id: Number(lastInsertRowid), length: 0, last_check: '0' }
  }
}

/** The length of the list that the page continues. */
function startOf({ from, passedOver = 0 }: Page): number {
  return from - passedOver
}

function checkAt({ checked, body }: Row): string {
  return checked ?? checkOf(body)
}

function prepare(db: Sqlite) {
  return {
    list: db.prepare(
      `select id, length, last_check from lists
       where node = ? and removed = 0 order by id desc limit 1`,
    ),
    create: db.prepare(
      `insert into lists (node, length, last_check, failed, written_at) values (?, 0, '0', 0, ?)`,
    ),
    grow: db.prepare(
      `update lists set length = ?, last_check = ?, failed = coalesce(?, failed), written_at = ?,
       size = size + ? where id = ?`,
    ),
  }
}

/** 1 where the newest entry ends the launch as failed, and null where nothing is an entry. */
function endOf(rows: readonly Row[]): number | null {
  const last = rows.findLast(({ body }) => body !== '')
  return last ? Number(readEntry(last.body)?.phase === 'failed') : null
}
