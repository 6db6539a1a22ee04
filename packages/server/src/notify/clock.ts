import { type RawBuilder, sql } from 'kysely'
import { databaseNow } from '../database/clock.js'
import type { Database } from '../database/open.js'

/** The clock of the outbox: the database's own, which all processes share. */
export interface Clock {
  /** Milliseconds since 1970, as an expression for the database. */
  readonly inDatabase: () => RawBuilder<number>
  /** The same, `ms` milliseconds later. */
  readonly later: (ms: number) => RawBuilder<number>
  /** This process's clock, for what the database does not compare. */
  readonly now: () => number
}

/** Tests pass a clock of their own, in milliseconds since 1970. */
export function createClock(database: Database, given?: () => number): Clock {
  const inDatabase = () => (given ? sql<number>`cast(${given()} as bigint)` : databaseNow(database))
  return {
    inDatabase,
    later: (ms) => sql<number>`${inDatabase()} + ${Math.round(ms)}`,
    now: given ?? Date.now,
  }
}
