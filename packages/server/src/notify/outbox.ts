import { createHash, randomUUID } from 'node:crypto'
import type { Transaction } from 'kysely'
import type { Schema } from '../database/schema.js'
import type { Clock } from './clock.js'
import type { StoredMessage } from './message.js'

export interface NewDelivery {
  readonly webhookId: string
  readonly message: StoredMessage
  readonly nodeId?: string
  readonly startedAt?: string
  readonly seq?: number
  /** Milliseconds until the first attempt. Until then, similar messages can be merged into it. */
  readonly wait?: number
  readonly gathers?: string
}

/** Stores messages in the transaction that stores what they are about. */
export interface Outbox {
  add(transaction: Transaction<Schema>, delivery: NewDelivery): Promise<string>
  /** True if too many messages are waiting for the webhook to add any about entries. */
  isFull(transaction: Transaction<Schema>, webhookId: string): Promise<boolean>
  /** Returns the number of the next message about the node. */
  nextSeq(transaction: Transaction<Schema>, nodeId: string): Promise<number>
  /** False for an event that has been stored before. */
  isNew(transaction: Transaction<Schema>, event: readonly string[]): Promise<boolean>
}

/** A receiver may be down for days while a query matches a lot. */
const MOST_WAITING = 10_000

export function createOutbox(clock: Clock): Outbox {
  return { add, isFull, nextSeq, isNew }

  async function add(
    transaction: Transaction<Schema>,
    { webhookId, message, nodeId, startedAt, seq, wait = 0, gathers }: NewDelivery,
  ): Promise<string> {
    const delivery_id = newDeliveryId()
    await transaction
      .insertInto('deliveries')
      .values({
        delivery_id,
        webhook_id: webhookId,
        type: message.type,
        node_id: nodeId ?? null,
        started_at: startedAt ?? null,
        seq: seq ?? null,
        message: JSON.stringify(message),
        prepared: 0,
        gathers: gathers ?? null,
        state: 'waiting',
        attempts: 0,
        next_at: clock.later(wait),
        leased_until: 0,
        owner: null,
        created_at: clock.inDatabase(),
        ended_at: null,
        log: '[]',
        answer: null,
      })
      .execute()
    return delivery_id
  }

  async function isFull(transaction: Transaction<Schema>, webhookId: string): Promise<boolean> {
    const oneMore = await transaction
      .selectFrom('deliveries')
      .select('delivery_id')
      .where('webhook_id', '=', webhookId)
      .where('state', '=', 'waiting')
      .limit(1)
      .offset(MOST_WAITING - 1)
      .executeTakeFirst()
    return oneMore !== undefined
  }

  async function nextSeq(transaction: Transaction<Schema>, nodeId: string): Promise<number> {
    const row = await transaction
      .updateTable('nodes')
      .set((eb) => ({ told: eb('told', '+', 1) }))
      .where('node_id', '=', nodeId)
      .returning('told')
      .executeTakeFirst()
    return row?.told ?? 0
  }

  async function isNew(
    transaction: Transaction<Schema>,
    event: readonly string[],
  ): Promise<boolean> {
    const key = createHash('sha256').update(event.join('\n')).digest('base64url')
    const { numInsertedOrUpdatedRows: inserted = 0n } = await transaction
      .insertInto('told_events')
      .values({ key, told_at: clock.inDatabase() })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirstOrThrow()
    return inserted > 0n
  }
}

function newDeliveryId(): string {
  return `msg_${randomUUID().replaceAll('-', '')}`
}
