import type { Transaction } from 'kysely'
import type { Schema } from '../database/schema.js'
import type { Clock } from './clock.js'
import type { LaunchMessage } from './message.js'
import type { Group } from './rules.js'

/** The most launches that are named in one message. */
const NAMED = 20

/** Failures with the same cause, as one webhook is told of them. */
export interface Storm {
  readonly webhookId: string
  readonly cause: string
  readonly group: Group
}

/** Merges failures with the same cause at about the same time into one message. */
export interface Storms {
  /** Returns true if this message was merged into one that is waiting. */
  joined(
    transaction: Transaction<Schema>,
    webhookId: string,
    cause: string,
    message: LaunchMessage,
  ): Promise<boolean>
  /**
   * How long a new message waits for others: for the group's wait, or not at all if no other launch is running;
   * in any case until the interval after the message before it is over.
   */
  wait(transaction: Transaction<Schema>, storm: Storm): Promise<number>
}

export function createStorms(clock: Clock): Storms {
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
    async wait(transaction, { webhookId, cause, group: { wait, interval } }) {
      const key = keyOf(cause)
      const isAlone = !(await isLaunching(transaction))
      const left = await leftOf(transaction, webhookId, key)
      const pause = Math.max(isAlone ? 0 : wait, left)
      // A window that counts nothing is forgotten when it is over.
      const row = { until: clock.later(pause + interval), length: interval, suppressed: 0 }
      await transaction
        .insertInto('webhook_windows')
        .values({ webhook_id: webhookId, key, ...row })
        .onConflict((conflict) => conflict.columns(['webhook_id', 'key']).doUpdateSet(row))
        .execute()
      return pause
    },
  }

  /** Milliseconds until the interval after the message before is over. */
  async function leftOf(
    transaction: Transaction<Schema>,
    webhookId: string,
    key: string,
  ): Promise<number> {
    const window = await transaction
      .selectFrom('webhook_windows')
      .select((of) => of('until', '-', clock.inDatabase()).as('left'))
      .where('webhook_id', '=', webhookId)
      .where('key', '=', key)
      .executeTakeFirst()
    return Math.max(0, Number(window?.left ?? 0))
  }
}

/** No node has an empty id, so this is none of the keys of entries. */
function keyOf(cause: string): string {
  return `\n${cause}`
}

async function isLaunching(transaction: Transaction<Schema>): Promise<boolean> {
  const other = await transaction
    .selectFrom('nodes')
    .select('node_id')
    .where('status', '=', 'launching')
    .limit(1)
    .executeTakeFirst()
  return other !== undefined
}

function withLaunch(first: LaunchMessage, { data: { launch } }: LaunchMessage): LaunchMessage {
  const { data } = first
  const { count = 1, launches = [data.launch] } = data
  const named = launches.length < NAMED ? [...launches, launch] : launches
  return { ...first, data: { ...data, count: count + 1, launches: named } }
}
