import { type Kysely, type RawBuilder, sql } from 'kysely'
import { isPostgres } from './dialect.js'

/**
 * The database's own time, in milliseconds since 1970: the one clock that all its users share. It is
 * that of the statement's beginning, so an index on what it is compared with is used.
 */
export function databaseNow(database: Pick<Kysely<unknown>, 'getExecutor'>): RawBuilder<number> {
  return isPostgres(database)
    ? sql<number>`cast(extract(epoch from statement_timestamp()) * 1000 as bigint)`
    : sql<number>`cast(unixepoch('subsec') * 1000 as integer)`
}
