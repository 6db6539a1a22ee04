import { type Kysely, PostgresAdapter } from 'kysely'

/** True if the records are in PostgreSQL, and false if they are in SQLite. */
export function isPostgres(database: Pick<Kysely<unknown>, 'getExecutor'>): boolean {
  return database.getExecutor().adapter instanceof PostgresAdapter
}
