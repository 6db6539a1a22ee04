import { sql } from 'kysely'

/**
 * The database's own time, in milliseconds since 1970: the one clock that all its users share. The
 * expression is SQLite's; other dialects need another one.
 */
export const databaseNow = sql<number>`cast(unixepoch('subsec') * 1000 as integer)`
