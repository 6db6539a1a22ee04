import { createMutex } from '../../../async/mutex.js'
import { closeSqlite, openSqlite, type Sqlite } from '../../../sqlite.js'
import type { ArchiveDb, ArchiveTransaction, Statements, Table, Value } from '../archive-db.js'
import { createStatementTexts } from '../statement-text.js'
import type { StoredRow } from '../stored-row.js'
import type { Stretch } from '../stretch.js'
import { matchText } from './match-text.js'
import { type Prepare, readPage } from './read-page.js'
import { bringUpToDate, emptyWords } from './tables.js'

/** The archive in a file of its own, which one thread writes. Another connection reads it meanwhile. */
export async function sqliteArchive(file: string): Promise<ArchiveDb> {
  const db = await openSqlite(file)
  const name = bringUpToDate(db)
  const reading = await openSqlite(file)
  const locked = createMutex()
  const writer = writerOn(db)
  const reader = prepared(reading)
  return {
    name,
    isShared: false,
    firstPage: 16,
    ...statementsOn(reader),
    transaction: (act) => locked('transaction', () => transaction(db, () => act(writer))),
    readPage: async (conditions, values, limit) =>
      readPage(reader, conditions, [...values.map(bound), limit]),
    index: {
      matchOf: matchText,
      matching: (match, stretch, order) => matching(reader, { match, stretch, order }),
    },
    async used() {
      const { used } = reader(
        `select (page_count - freelist_count) * page_size as used
         from pragma_page_count, pragma_freelist_count, pragma_page_size`,
      ).get() as { used: number }
      return used
    },
    async close() {
      reading.close()
      closeSqlite(db)
    },
  }
}

/** Within one, nothing is awaited that takes its time, so nobody else has a turn. */
async function transaction<T>(db: Sqlite, act: () => Promise<T>): Promise<T> {
  db.exec('begin immediate')
  try {
    const result = await act()
    db.exec('commit')
    return result
  } catch (error) {
    // A full disk ends the transaction, and to roll it back again would be an error.
    if (db.isTransaction) db.exec('rollback')
    throw error
  }
}

type Statement = ReturnType<Sqlite['prepare']>

/** Statements with each table's name and with one value for a list of them, each prepared once. */
function prepared(db: Sqlite): Prepare {
  const textOf = createStatementTexts((statement) =>
    statement
      .replace(/\{(\w+)\}/g, '$1')
      .replaceAll('in ??', 'in (select value from json_each(?))'),
  )
  const all = new Map<string, Statement>()
  return (statement) => {
    const known = all.get(statement)
    if (known) return known
    const made = db.prepare(textOf(statement))
    all.set(statement, made)
    return made
  }
}

function statementsOn(prepare: Prepare): Statements {
  return {
    all: async <Row>(statement: string, ...values: readonly Value[]) =>
      prepare(statement).all(...values.map(bound)) as Row[],
    one: async <Row>(statement: string, ...values: readonly Value[]) =>
      prepare(statement).get(...values.map(bound)) as Row | undefined,
    async run(statement, ...values) {
      prepare(statement).run(...values.map(bound))
    },
  }
}

function bound(value: Value): string | number | null {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value
}

function writerOn(db: Sqlite): ArchiveTransaction {
  let prepare = prepared(db)
  const run = (statement: string, ...values: (string | number | null)[]) =>
    void prepare(statement).run(...values)
  return {
    ...statementsOn((statement) => prepare(statement)),
    async insertAll(table: Table, rows) {
      const columns = Object.keys(rows[0] ?? {})
      const names = columns.map((column) => `"${column}"`).join(', ')
      const places = columns.map(() => '?').join(', ')
      const statement = prepare(`insert into {${table}} (${names}) values (${places})`)
      for (const row of rows) statement.run(...columns.map((column) => bound(row[column] ?? null)))
    },
    async grow(lists) {
      for (const { id, length, last_check, failed, written_at, size } of lists) {
        run(
          `update lists set length = ?, last_check = ?, failed = coalesce(?, failed), written_at = ?,
           size = size + ? where id = ?`,
          ...[length, last_check, failed, written_at, size, id],
        )
      }
    },
    async insertWords(entries) {
      for (const { id, tokens } of entries) {
        run('insert into words (rowid, word) values (?, ?)', id, tokens.join(' '))
      }
    },
    async deleteEntries(ids) {
      for (const id of ids) {
        run('delete from words where rowid = ?', id)
        run('delete from entries where id = ?', id)
      }
    },
    async clearWords() {
      emptyWords(db)
      // Those that were prepared are of the table before.
      prepare = prepared(db)
    },
  }
}

/** Numbers that are read from the index at first, and at once: a prefix with many words makes each query dear. */
const FIRST_NUMBERS = 128
const MOST_NUMBERS = 16_384

async function* matching(
  prepare: Prepare,
  { match, stretch, order }: { match: string; stretch: Stretch; order: 'asc' | 'desc' },
): AsyncGenerator<number[], void, undefined> {
  const statement = prepare(
    `select rowid as id from words where words match ? and rowid between ? and ?
     order by rowid ${order} limit ?`,
  )
  let { first, last } = stretch
  for (let most = FIRST_NUMBERS; first <= last; most = Math.min(MOST_NUMBERS, most * 4)) {
    const rows = statement.all(match, first, last, most) as Pick<StoredRow, 'id'>[]
    if (rows.length > 0) yield rows.map(({ id }) => id)
    const end = rows.at(-1)?.id
    if (end === undefined || rows.length < most) return
    if (order === 'desc') last = end - 1
    else first = end + 1
  }
}
