import { sql } from 'kysely'

/**
 * The database's own time, in milliseconds since 1970: the one clock that all its users share. It
 * reads otherwise in other dialects than SQLite's.
 */
export const databaseNow = sql<number>`cast(unixepoch('subsec') * 1000 as integer)`
