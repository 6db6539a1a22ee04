import { sql } from 'kysely'
import type { Database } from '../database/open.js'
import type { Clock } from './clock.js'

const DAY = 86_400_000
/** How long delivered and dead messages are kept. */
const KEPT = 7 * DAY
/** Events are remembered for longer than logs usually are. */
const REMEMBERED = 30 * DAY
/** Rows that are removed in one statement. */
const SLICE = 500

/** Removes old messages, and the keys of old events. */
export function createPrune(database: Database, clock: Clock) {
  return async (): Promise<void> => {
    const statements = [
      // A webhook can be deleted while a message to it is being added.
      sql`delete from deliveries where webhook_id not in (select webhook_id from webhooks)`,
      sql`delete from deliveries where delivery_id in (select delivery_id from deliveries
        where ended_at < ${clock.later(-KEPT)} limit ${SLICE})`,
      sql`delete from told_events where key in (select key from told_events
        where told_at < ${clock.later(-REMEMBERED)} limit ${SLICE})`,
    ]
    for (const statement of statements) {
      for (let removed = SLICE; removed === SLICE; ) {
        const { numAffectedRows = 0n } = await statement.execute(database)
        removed = Number(numAffectedRows)
      }
    }
  }
}
