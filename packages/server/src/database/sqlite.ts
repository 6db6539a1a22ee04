import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { openSqlite, type Sqlite } from '../sqlite.js'
import type { Schema } from './schema.js'

/** The records in an SQLite file; `:memory:` for one that ends with the process. */
export async function sqliteDatabase(file: string): Promise<Kysely<Schema>> {
  const database = await openSqlite(file)
  return new Kysely<Schema>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => driver(database),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
}

/** One connection, handed to one user at a time: a transaction is never mixed with other calls. */
function driver(database: Sqlite): Driver {
  let free: Promise<void> = Promise.resolve()
  const releases = new WeakMap<DatabaseConnection, () => void>()
  const run = (sql: string) => async (connection: DatabaseConnection) => {
    await connection.executeQuery(CompiledQuery.raw(sql))
  }
  return {
    init: async () => {},
    async acquireConnection() {
      const before = free
      let release = () => {}
      free = new Promise((resolve) => {
        release = resolve
      })
      await before
      const connection = connect(database)
      releases.set(connection, release)
      return connection
    },
    beginTransaction: run('begin immediate'),
    commitTransaction: run('commit'),
    rollbackTransaction: run('rollback'),
    async releaseConnection(connection) {
      releases.get(connection)?.()
    },
    async destroy() {
      database.close()
    },
  }
}

function connect(database: Sqlite): DatabaseConnection {
  return {
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      const statement = database.prepare(sql)
      const values = parameters as (string | number | null)[]
      if (statement.columns().length > 0) return { rows: statement.all(...values) as R[] }
      const { changes } = statement.run(...values)
      return { rows: [], numAffectedRows: BigInt(changes) }
    },
    // biome-ignore lint/correctness/useYield: Kysely asks for a generator; there is nothing to give.
    async *streamQuery() {
      throw new Error('streaming queries are not used')
    },
  }
}
