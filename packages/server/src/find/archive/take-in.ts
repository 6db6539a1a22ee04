import { LEVELS, type LogEntry, parseInstant } from '@launchtail/client/protocol'
import { checkOf } from '../../logs/check.js'
import { readEntry } from '../../logs/entry-text.js'
import { isWhole } from '../../logs/in-context.js'
import type { Sqlite } from '../../sqlite.js'
import { createBlocks } from './blocks.js'
import { NOTHING_YET, type Page, type Reached } from './pages.js'
import type { StoredRow } from './stored-row.js'
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

/** An entry that is about to be stored. */
interface Row extends Omit<StoredRow, 'id'> {
  /** No earlier than that of the entry before it in its list, so that sorting keeps the list's order. */
  readonly order: number
}

export function createTakeIn(db: Sqlite): TakeIn {
  const write = prepare(db)
  const blocks = createBlocks(db)
  return (pages, now) => transaction(db, () => takeIn(pages, now))

  function takeIn(pages: readonly Page[], now: number): Reached[] {
    const rows: Row[] = []
    const reached = pages.map((page) => {
      const list = listFor(page, now)
      if (!list) return NOTHING_YET
      const { length: before, last_check: last } = list
      const { from, texts, previous = '0' } = page
      if (from !== before || previous !== last) return { length: before, check: last }
      const added = rowsOf(page, list.id)
      rows.push(...added)
      const { checked, body } = added.at(-1) as Row
      const [length, check] = [from + texts.length, checked ?? checkOf(body)]
      const size = added.reduce((sum, row) => sum + row.body.length, 0)
      write.grow.run(length, check, endOf(added), now, size, list.id)
      return { length, check }
    })
    // As they came about, whatever node they are of.
    if (pages.length > 1) rows.sort((a, b) => a.order - b.order)
    insert(rows)
    return reached
  }

  /** The list that a page continues; a new one for a page that begins one. */
  function listFor({ nodeId, from, previous }: Page, now: number): List | undefined {
    if (previous !== undefined || from > 0) return write.list.get(nodeId) as List | undefined
    const { lastInsertRowid } = write.create.run(nodeId, now)
    return { id: Number(lastInsertRowid), length: 0, last_check: '0' }
  }

  function insert(rows: readonly Row[]): void {
    if (rows.length === 0) return
    let id = Number(factOf(db, 'next') ?? 1)
    for (const { list, idx, ts, level, checked, body } of rows) {
      write.entry.run(id, list, idx, ts, level, checked, body)
      blocks.add(id, ts)
      id += 1
    }
    blocks.write()
    setFact(db, 'next', String(id))
  }
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
    entry: db.prepare(
      'insert into entries (id, list, idx, ts, level, checked, body) values (?, ?, ?, ?, ?, ?, ?)',
    ),
  }
}

function rowsOf({ from, texts, checks }: Page, list: number): Row[] {
  let order = Number.NEGATIVE_INFINITY
  return texts.map((text, i) => {
    const entry = readEntry(text)
    // What is no entry is kept as a place in the list.
    const whole = entry && isWhole(entry) ? entry : undefined
    const ts = whole ? millisecondsOf(whole) : Math.max(0, order)
    order = Math.max(order, ts)
    return {
      list,
      idx: from + i,
      ts,
      level: whole ? LEVELS.indexOf(whole.level) : 0,
      checked: checks?.[i] ?? (whole ? null : checkOf(text)),
      body: whole ? text : '',
      order,
    }
  })
}

/** 1 where the newest entry ends the launch as failed, and null where nothing is an entry. */
function endOf(rows: readonly Row[]): number | null {
  const last = rows.findLast(({ body }) => body !== '')
  return last ? Number(readEntry(last.body)?.phase === 'failed') : null
}

function millisecondsOf({ timestamp }: LogEntry): number {
  const { seconds, nanos } = parseInstant(timestamp) ?? { seconds: 0, nanos: 0 }
  return seconds * 1000 + Math.floor(nanos / 1e6)
}
