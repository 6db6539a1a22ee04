import { type RawBuilder, sql } from 'kysely'
import { databaseNow } from '../database/clock.js'

/** The time by which messages are sent: the database's, which all its users share. */
export interface Clock {
  /** Milliseconds since 1970, as an expression for the database. */
  readonly inDatabase: () => RawBuilder<number>
  /** So many milliseconds later. */
  readonly later: (ms: number) => RawBuilder<number>
  /** About the same time here, for what the database does not decide. */
  readonly now: () => number
}

/** A test gives the time itself, in milliseconds since 1970. */
export function createClock(given?: () => number): Clock {
  const inDatabase = () => (given ? sql<number>`${given()}` : databaseNow)
  return {
    inDatabase,
    later: (ms) => sql<number>`${inDatabase()} + ${ms}`,
    now: given ?? Date.now,
  }
}
