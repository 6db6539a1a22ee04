import type { Transaction } from 'kysely'
import type { Database } from './open.js'
import type { Schema } from './schema.js'

/** Acts in the transaction that is given, or in one of its own. */
export function inTransaction<T>(
  executor: Database | Transaction<Schema>,
  act: (transaction: Transaction<Schema>) => Promise<T>,
): Promise<T> {
  return executor.isTransaction
    ? act(executor as Transaction<Schema>)
    : executor.transaction().execute(act)
}
