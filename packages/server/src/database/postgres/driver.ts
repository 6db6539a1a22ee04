import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely'
import type { Pool, Taken } from './pool.js'
import { createQueue } from './queue.js'

/**
 * All transactions of all servers are made one after the other, as in SQLite: each reads what the one before
 * it has stored, and numbers of changes are given in the order of their commits. They last some
 * milliseconds. Single statements do not wait for them, except for the rows that they change.
 */
const ONE_AT_A_TIME = 4_713_208_851

export interface DriverOptions {
  pool: Pool
  /** Milliseconds that a transaction waits for those of this process. 0 sets no limit. */
  timeout: number
}

interface Connection extends DatabaseConnection {
  /** Taken from the pool with the first statement: a transaction that waits for its turn needs none. */
  taken: Taken | undefined
  /** Lets the next transaction of this process begin. */
  next: (() => void) | undefined
}

export function createDriver({ pool, timeout }: DriverOptions): Driver {
  const queue = createQueue(timeout)
  const of = (connection: DatabaseConnection) => connection as Connection
  return {
    init: async () => {},
    acquireConnection: async () => connect(pool),
    async beginTransaction(connection) {
      of(connection).next = await queue.turn()
      const { query } = await takenBy(of(connection), pool)
      await query(`begin; select pg_advisory_xact_lock(${ONE_AT_A_TIME})`).catch(async (error) => {
        // Kysely does not: to it, the transaction has not begun.
        await rollBack(of(connection))
        throw error
      })
    },
    async commitTransaction(connection) {
      const { query } = await takenBy(of(connection), pool)
      const { command } = await query('commit')
      // So PostgreSQL answers where a statement had failed before.
      if (command !== 'COMMIT') throw new Error('the transaction was rolled back')
    },
    rollbackTransaction: (connection) => rollBack(of(connection)),
    async releaseConnection(connection) {
      of(connection).taken?.release()
      of(connection).next?.()
    },
    destroy: pool.close,
  }
}

async function rollBack({ taken }: Connection): Promise<void> {
  // A connection that is closed rolls back, too.
  if (taken && !taken.isBroken()) await taken.query('rollback').catch(taken.spoil)
}

function connect(pool: Pool): Connection {
  const connection: Connection = {
    taken: undefined,
    next: undefined,
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      const { query } = await takenBy(connection, pool)
      const { rows, rowCount, command } = await query(sql, parameters)
      const changes = CHANGES.has(command) ? { numAffectedRows: BigInt(rowCount ?? 0) } : {}
      return { rows, ...changes }
    },
    // biome-ignore lint/correctness/useYield: Kysely asks for a generator; there is nothing to give.
    async *streamQuery() {
      throw new Error('streaming queries are not used')
    },
  }
  return connection
}

const CHANGES = new Set(['INSERT', 'UPDATE', 'DELETE'])

async function takenBy(connection: Connection, pool: Pool): Promise<Taken> {
  connection.taken ??= await pool.take()
  return connection.taken
}
