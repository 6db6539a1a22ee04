import type { Delivery, WebhookEvent } from '@launchtail/client/protocol'
import { isStorageFault, retry } from '../async/retry.js'
import type { Database } from '../database/open.js'
import type { createAttempt } from './attempt.js'
import type { Claimed, Claims } from './claims.js'
import type { Clock } from './clock.js'
import type { DeliveryRows } from './delivery-rows.js'
import type { StoredMessage } from './message.js'
import type { Outbox } from './outbox.js'
import type { createPrepare } from './prepare.js'
import type { Result, Results } from './results.js'
import { sampleOf } from './sample.js'
import type { Verdict } from './verdict.js'
import type { StoredWebhook } from './webhook-rows.js'

export interface DeliveringOptions {
  database: Database
  clock: Clock
  claims: Claims
  outbox: Outbox
  results: Results
  deliveries: DeliveryRows
  prepare: ReturnType<typeof createPrepare>
  attempt: ReturnType<typeof createAttempt>
  onAttempt: (outcome: Verdict['is']) => void
  /** Called after an attempt that made the server switch the webhook off. */
  onSwitchedOff: (webhook: StoredWebhook, reason: string) => Promise<void>
  onFault: (message: string, error: unknown) => void
}

/** Sends claimed messages and stores the results. */
export function createDelivering(options: DeliveringOptions) {
  const { database, clock, claims, outbox, results, deliveries, prepare, attempt } = options
  const { onAttempt, onSwitchedOff, onFault } = options
  return { send, sendSample }

  async function send(
    delivery: Claimed,
    webhook: StoredWebhook,
    signal?: AbortSignal,
  ): Promise<Result> {
    const result = await attempt(await prepared(delivery), webhook, signal)
    // The next process sends it again.
    if (signal?.aborted && result.verdict.is !== 'delivered') return result
    await store(delivery, webhook, result, signal)
    return result
  }

  /** Sends a sample immediately, without retries. */
  async function sendSample(webhook: StoredWebhook, type: WebhookEvent): Promise<Delivery> {
    const { webhookId } = webhook
    const message = sampleOf(type, new Date(clock.now()))
    const claimed = await database
      .transaction()
      .execute(async (transaction) =>
        claims.claimNew(transaction, await outbox.add(transaction, { webhookId, message })),
      )
    await store(claimed, webhook, onlyOnce(await attempt(await prepared(claimed), webhook)))
    return (await deliveries.get(claimed.delivery_id)) as Delivery
  }

  async function store(
    delivery: Claimed,
    webhook: StoredWebhook,
    result: Result,
    signal?: AbortSignal,
  ): Promise<void> {
    onAttempt(result.verdict.is)
    const switchedOff = await stored(delivery, result, signal)
    if (switchedOff !== undefined) await onSwitchedOff(webhook, switchedOff)
  }

  /** What was sent is not sent again because the records are away for a moment. */
  async function stored(
    delivery: Claimed,
    result: Result,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    try {
      return await results.store(delivery, result)
    } catch (error) {
      if (!signal || !isStorageFault(error)) throw error
      return retry(() => results.store(delivery, result), { signal })
    }
  }

  /** If the log cannot be read now, the message is sent without its lines. */
  async function prepared(delivery: Claimed): Promise<Claimed> {
    if (delivery.prepared !== 0) return delivery
    const stored = JSON.parse(delivery.message) as StoredMessage
    const message = await prepare(stored).catch((error) => {
      onFault(`the lines of the message ${delivery.delivery_id}`, error)
      return stored
    })
    const changed = { message: JSON.stringify(message), prepared: 1 }
    await database
      .updateTable('deliveries')
      .set(changed)
      .where('delivery_id', '=', delivery.delivery_id)
      .execute()
    return { ...delivery, ...changed }
  }
}

/** Turns a retry into a failure. */
function onlyOnce(result: Result): Result {
  const { verdict } = result
  if (verdict.is !== 'again') return result
  return { ...result, verdict: { is: 'dead', reason: verdict.reason } }
}
