import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely'
import { createMutex } from '../async/mutex.js'
import { closeSqlite, openSqlite, type Sqlite, storageError } from '../sqlite.js'
import { isPostgres } from './dialect.js'
import type { Schema } from './schema.js'

/** The records in an SQLite file. `:memory:` keeps them until the process ends. */
export async function sqliteDatabase(file: string): Promise<Kysely<Schema>> {
  const database = await openSqlite(file)
  return new Kysely<Schema>({
    dialect: {
      createAdapter: () => new RecordsAdapter(),
      createDriver: () => driver(database),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
}

/**
 * Migrations are one transaction, which Kysely leaves to the database: a process that is killed between a change of
 * a table and the note of it could never start again.
 */
class RecordsAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

/** Moves what is in the write-ahead log into the file, if there is room for it. */
export async function emptyJournal(database: Kysely<Schema>): Promise<void> {
  if (isPostgres(database)) return
  // Where it fails nothing is lost: the log is as long as it was.
  await sql`pragma wal_checkpoint(truncate)`.execute(database).catch(() => {})
}

/** One connection, given to one user at a time, so that transactions do not mix with other calls. */
function driver(database: Sqlite): Driver {
  const locked = createMutex()
  const releases = new WeakMap<DatabaseConnection, () => void>()
  const prepare = prepareOnce(database)
  const run = (sql: string) => async (connection: DatabaseConnection) => {
    await connection.executeQuery(CompiledQuery.raw(sql))
  }
  return {
    init: async () => {},
    async acquireConnection() {
      const connection = connect(prepare)
      await new Promise<void>((acquired) => {
        void locked('connection', async () => {
          const released = new Promise<void>((release) => releases.set(connection, release))
          acquired()
          await released
        })
      })
      return connection
    },
    beginTransaction: run('begin immediate'),
    commitTransaction: run('commit'),
    async rollbackTransaction(connection) {
      // A full disk ends the transaction, and to roll it back again would be an error.
      if (database.isTransaction) await run('rollback')(connection)
    },
    async releaseConnection(connection) {
      releases.get(connection)?.()
    },
    async destroy() {
      closeSqlite(database)
    },
  }
}

type Statement = ReturnType<Sqlite['prepare']>

/** Statements that are kept: to prepare one costs several times as much as to run it. */
const PREPARED = 200

function prepareOnce(database: Sqlite): (sql: string) => Statement {
  const prepared = new Map<string, Statement>()
  return (sql) => {
    let statement = prepared.get(sql)
    if (!statement) {
      // There are few different queries, except that lists of values come in many lengths.
      if (prepared.size >= PREPARED) prepared.clear()
      statement = database.prepare(sql)
      prepared.set(sql, statement)
    }
    return statement
  }
}

type Value = string | number | null

function execute<R>(statement: Statement, values: readonly Value[]): QueryResult<R> {
  if (statement.columns().length > 0) return { rows: statement.all(...values) as R[] }
  const { changes } = statement.run(...values)
  return { rows: [], numAffectedRows: BigInt(changes) }
}

function connect(prepare: (sql: string) => Statement): DatabaseConnection {
  return {
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      try {
        return execute<R>(prepare(sql), parameters as Value[])
      } catch (error) {
        throw storageError(error)
      }
    },
    // biome-ignore lint/correctness/useYield: Kysely asks for a generator; there is nothing to give.
    async *streamQuery() {
      throw new Error('streaming queries are not used')
    },
  }
}
