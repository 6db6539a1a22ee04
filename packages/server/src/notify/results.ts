import type { DeliveryAttempt } from '@launchtail/client/protocol'
import type { Transaction } from 'kysely'
import type { Database } from '../database/open.js'
import type { Schema } from '../database/schema.js'
import type { Claimed } from './claims.js'
import type { Clock } from './clock.js'
import type { Verdict } from './verdict.js'

export interface Result {
  readonly verdict: Verdict
  readonly attempt: DeliveryAttempt
  readonly answer: string | undefined
}

export interface Results {
  /** Stores the result of an attempt. If it makes the server switch the webhook off, returns the reason. */
  store(delivery: Claimed, result: Result): Promise<string | undefined>
}

/** The number of attempts that are kept for each message. */
const KEPT = 20
/** A webhook to which nothing could be delivered for this long is switched off. */
const FAILING = 5 * 86_400_000

export function createResults(database: Database, clock: Clock): Results {
  return {
    store: (delivery, result) =>
      database.transaction().execute(async (transaction) => {
        await storeAttempt(transaction, delivery, result)
        if (result.verdict.is !== 'delivered') return failed(transaction, delivery, result.verdict)
        await succeeded(transaction, delivery)
        return undefined
      }),
  }

  async function storeAttempt(
    transaction: Transaction<Schema>,
    { delivery_id, log, owner }: Claimed,
    { verdict, attempt, answer }: Result,
  ): Promise<void> {
    const attempts = [...(JSON.parse(log) as DeliveryAttempt[]), attempt].slice(-KEPT)
    const ended = { ended_at: clock.inDatabase() }
    const next = {
      delivered: { state: 'delivered' as const, ...ended },
      dead: { state: 'dead' as const, ...ended },
      gone: { state: 'dead' as const, ...ended },
      again: { next_at: clock.later(verdict.is === 'again' ? verdict.pause : 0) },
    }[verdict.is]
    await transaction
      .updateTable('deliveries')
      .set({ ...next, leased_until: 0, log: JSON.stringify(attempts), answer: answer ?? null })
      .where('delivery_id', '=', delivery_id)
      // A process that was suspended beyond its lease must not overwrite its successor's result.
      .where('owner', '=', owner)
      .where('leased_until', '>', 0)
      .execute()
  }

  async function succeeded(
    transaction: Transaction<Schema>,
    { webhook_id }: Claimed,
  ): Promise<void> {
    await transaction
      .updateTable('webhooks')
      .set({ failing_since: null })
      .where('webhook_id', '=', webhook_id)
      .where('failing_since', 'is not', null)
      .execute()
  }

  async function failed(
    transaction: Transaction<Schema>,
    { webhook_id }: Claimed,
    verdict: Exclude<Verdict, { is: 'delivered' }>,
  ): Promise<string | undefined> {
    const row = await transaction
      .updateTable('webhooks')
      .set(({ fn }) => ({ failing_since: fn.coalesce('failing_since', clock.inDatabase()) }))
      .where('webhook_id', '=', webhook_id)
      .where('enabled', '=', 1)
      .returning(({ eb }) => eb('failing_since', '<=', clock.later(-FAILING)).as('isOver'))
      .executeTakeFirst()
    const reason = row && reasonToSwitchOff(verdict, Boolean(row.isOver))
    if (reason !== undefined) await switchOff(transaction, webhook_id, reason)
    return reason
  }

  async function switchOff(
    transaction: Transaction<Schema>,
    webhookId: string,
    reason: string,
  ): Promise<void> {
    await transaction
      .updateTable('webhooks')
      .set({ enabled: 0, disabled_reason: reason })
      .where('webhook_id', '=', webhookId)
      .execute()
    await transaction.deleteFrom('webhook_windows').where('webhook_id', '=', webhookId).execute()
    // They can be redelivered once it is switched on again.
    await transaction
      .updateTable('deliveries')
      .set({ state: 'dead', ended_at: clock.inDatabase() })
      .where('webhook_id', '=', webhookId)
      .where('state', '=', 'waiting')
      .execute()
  }
}

function reasonToSwitchOff(
  verdict: Exclude<Verdict, { is: 'delivered' }>,
  isOver: boolean,
): string | undefined {
  if (verdict.is === 'gone') return 'its receiver answered 410: it is gone'
  if (!isOver) return undefined
  return `nothing could be delivered for five days; the last attempt: ${verdict.reason}`
}
