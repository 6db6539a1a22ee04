import { createHosts } from '../../../database/postgres/hosts.js'
import { createPool, type Pool, type Taken } from '../../../database/postgres/pool.js'
import type { ArchiveDb, ArchiveTransaction, Statements, Value } from '../archive-db.js'
import { createStatementTexts } from '../statement-text.js'
import { COLUMNS, type StoredRow } from '../stored-row.js'
import { matching } from './matching.js'
import { nameOf } from './name.js'
import { lexemesOf, queryText } from './tsquery.js'

export interface PostgresArchiveOptions {
  /** As in `DATABASE_URL`. */
  url: string
  onFault: (message: string, error: unknown) => void
}

/**
 * Transactions of all servers on the archive, one after the other: numbers are given in the order of the commits, and each
 * reads what the one before it has stored. Those on the records do not wait for them.
 */
const ONE_AT_A_TIME = 4_713_208_853
/** Milliseconds for a statement, as for the records. */
const TIMEOUT = 1400
/** One writes, one indexes or removes, and two search. */
const CONNECTIONS = 4
/** Rows and characters that one statement stores: it must not take too long. */
const ROWS = 1000
const CHARACTERS = 1024 * 1024

/** The archive in PostgreSQL, which all servers share. */
export async function postgresArchive({
  url,
  onFault,
}: PostgresArchiveOptions): Promise<ArchiveDb> {
  const pool = createPool({
    ...{ hosts: createHosts(url), onFault, timeout: TIMEOUT, size: CONNECTIONS },
    name: 'launchtail archive',
  })
  const statements = statementsOn((text, values) => once(pool, text, values))
  try {
    const name = await inTransaction(pool, nameOf)
    return {
      name,
      isShared: true,
      firstPage: 128,
      ...statements,
      transaction: (act) => inTransaction(pool, act),
      readPage: (conditions, values, limit) =>
        statements.all<StoredRow>(
          `select ${COLUMNS} from {entries} ${conditions} limit ?`,
          ...[...values, limit],
        ),
      index: {
        matchOf: queryText,
        matching: (match, stretch, order) => matching(statements, { match, stretch, order }),
      },
      used: () => used(statements),
      close: pool.close,
    }
  } catch (error) {
    await pool.close()
    throw error
  }
}

type Query = (text: string, values: readonly Value[]) => Promise<{ rows: unknown[] }>

const textOf = createStatementTexts((statement) => {
  let count = 0
  return statement
    .replace(/\{(\w+)\}/g, 'archive_$1')
    .replaceAll('in ??', '= any(?)')
    .replace(/\?/g, () => {
      count += 1
      return `$${count}`
    })
})

function statementsOn(query: Query): Statements {
  const all = async <Row>(statement: string, ...values: readonly Value[]) =>
    (await query(textOf(statement), values)).rows as Row[]
  return {
    all,
    one: async <Row>(statement: string, ...values: readonly Value[]) =>
      (await all<Row>(statement, ...values))[0],
    async run(statement, ...values) {
      await all(statement, ...values)
    },
  }
}

async function once(pool: Pool, text: string, values: readonly Value[]) {
  const taken = await pool.take()
  return taken.query(text, values).finally(taken.release)
}

async function inTransaction<T>(
  pool: Pool,
  act: (transaction: ArchiveTransaction) => Promise<T>,
): Promise<T> {
  const taken = await pool.take()
  try {
    await taken.query(`begin; select pg_advisory_xact_lock(${ONE_AT_A_TIME})`)
    const result = await act(transactionOn(taken))
    const { command } = await taken.query('commit')
    // So PostgreSQL answers where a statement had failed before.
    if (command !== 'COMMIT') throw new Error('the transaction was rolled back')
    return result
  } catch (error) {
    if (!taken.isBroken()) await taken.query('rollback').catch(taken.spoil)
    throw error
  } finally {
    taken.release()
  }
}

function transactionOn({ query }: Taken): ArchiveTransaction {
  const statements = statementsOn(query)
  const insert = async (table: string, rows: readonly object[], condition = '') => {
    const columns = Object.keys(rows[0] ?? {}).map((column) => `"${column}"`)
    for (const piece of piecesOf(rows)) {
      await query(
        `insert into archive_${table} (${columns})
         select ${columns} from json_populate_recordset(null::archive_${table}, $1) ${condition}`,
        [piece],
      )
    }
  }
  return {
    ...statements,
    insertAll: insert,
    async grow(lists) {
      await query(
        `update archive_lists as list set length = grown.length, last_check = grown.last_check,
           failed = coalesce(grown.failed, list.failed), written_at = grown.written_at,
           size = list.size + grown.size
         from json_populate_recordset(null::archive_lists, $1) as grown where list.id = grown.id`,
        [JSON.stringify(lists)],
      )
    },
    insertWords: (entries) =>
      insert(
        'words',
        entries.map(({ id, tokens }) => ({ id, words: lexemesOf(tokens) })),
        // Meanwhile some may have been deleted.
        'where id in (select id from archive_entries)',
      ),
    async deleteEntries(ids) {
      await query('delete from archive_words where id = any($1)', [ids])
      await query('delete from archive_entries where id = any($1)', [ids])
    },
    clearWords: async () => void (await query('truncate archive_words', [])),
  }
}

/** Rows as JSON, in as many pieces as there are to be statements. */
function* piecesOf(rows: readonly object[]): Generator<string, void, undefined> {
  let texts: string[] = []
  let size = 0
  for (const row of rows) {
    const text = JSON.stringify(row)
    if (texts.length === ROWS || (texts.length > 0 && size + text.length > CHARACTERS)) {
      yield `[${texts}]`
      texts = []
      size = 0
    }
    texts.push(text)
    size += text.length
  }
  if (texts.length > 0) yield `[${texts}]`
}

/** Bytes that the rows of an entry take beside its text, with those of the indexes. */
const OF_ENTRY = 420
/** Bytes that they take for each character of its text: it is stored once as it is, and once as words. */
const OF_CHARACTER = 1.9

/**
 * Counted from what there is: the tables' files do not become smaller when rows are deleted. The room is used
 * again.
 */
async function used({ one }: Statements): Promise<number> {
  const sums = await one<{ size: number; count: number }>(
    `select coalesce(sum(size), 0) as size, coalesce(sum(length - kept_from), 0) as count
     from {lists} where removed = 0`,
  )
  const { size = 0, count = 0 } = sums ?? {}
  return size * OF_CHARACTER + count * OF_ENTRY
}
