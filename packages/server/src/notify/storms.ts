import type { Transaction } from 'kysely'
import type { Schema } from '../database/schema.js'
import type { Clock } from './clock.js'
import type { LaunchMessage } from './message.js'

/** How long a failure waits for others with the same cause while more launches are running, in milliseconds. */
const GATHERING = 10_000
/** The most launches that are named in one message. */
const NAMED = 20

/** Merges failures with the same cause at about the same time into one message. */
export interface Storms {
  /** Returns true if this message was merged into one that is waiting. */
  joined(
    transaction: Transaction<Schema>,
    webhookId: string,
    cause: string,
    message: LaunchMessage,
  ): Promise<boolean>
  /** How long a first failure waits for others. It is 0 if no other launch is running. */
  wait(transaction: Transaction<Schema>): Promise<number>
}

export function createStorms(clock: Clock, gathering = GATHERING): Storms {
  return {
    async joined(transaction, webhookId, cause, message) {
      const waiting = await transaction
        .selectFrom('deliveries')
        .select(['delivery_id', 'message'])
        .where('webhook_id', '=', webhookId)
        .where('state', '=', 'waiting')
        .where('gathers', '=', cause)
        .where('next_at', '>', clock.inDatabase())
        .limit(1)
        .executeTakeFirst()
      if (!waiting) return false
      await transaction
        .updateTable('deliveries')
        .set({ message: JSON.stringify(withLaunch(JSON.parse(waiting.message), message)) })
        .where('delivery_id', '=', waiting.delivery_id)
        .execute()
      return true
    },
    async wait(transaction) {
      const other = await transaction
        .selectFrom('nodes')
        .select('node_id')
        .where('status', '=', 'launching')
        .limit(1)
        .executeTakeFirst()
      return other ? gathering : 0
    },
  }
}

function withLaunch(first: LaunchMessage, { data: { launch } }: LaunchMessage): LaunchMessage {
  const { data } = first
  const { count = 1, launches = [data.launch] } = data
  const named = launches.length < NAMED ? [...launches, launch] : launches
  return { ...first, data: { ...data, count: count + 1, launches: named } }
}
