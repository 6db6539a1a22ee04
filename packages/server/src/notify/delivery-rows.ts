import type { Delivery, DeliveryAttempt, DeliveryState } from '@launchtail/client/protocol'
import type { Selectable } from 'kysely'
import type { Database } from '../database/open.js'
import type { DeliveriesTable } from '../database/schema.js'
import type { Clock } from './clock.js'

export interface DeliveriesPage {
  readonly deliveries: Delivery[]
  readonly cursor?: string
}

export interface DeliveriesFilter {
  readonly state?: DeliveryState | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

/** Messages that were created in a period, in milliseconds since 1970. */
export interface Span {
  readonly since: number
  readonly until: number
  readonly states: readonly DeliveryState[]
}

/** The number of a webhook's messages in these states. */
export interface DeliveryCounts {
  readonly waiting: number
  readonly dead: number
}

/** Lists messages, and schedules them again. */
export interface DeliveryRows {
  get(deliveryId: string): Promise<Delivery | undefined>
  /** Newest first. */
  list(webhookId: string, filter: DeliveriesFilter): Promise<DeliveriesPage>
  counts(): Promise<Map<string, DeliveryCounts>>
  /** Makes a message due again. Its attempts start over. */
  again(deliveryId: string): Promise<void>
  /** The same for all messages of a period. Returns their number. */
  allAgain(webhookId: string, span: Span): Promise<number>
}

export function createDeliveryRows(database: Database, clock: Clock): DeliveryRows {
  return { get, list, counts, again, allAgain }

  async function get(deliveryId: string): Promise<Delivery | undefined> {
    const row = await database
      .selectFrom('deliveries')
      .selectAll()
      .where('delivery_id', '=', deliveryId)
      .executeTakeFirst()
    return row && toDelivery(row)
  }

  async function list(
    webhookId: string,
    { state, limit, cursor }: DeliveriesFilter,
  ): Promise<DeliveriesPage> {
    let query = database
      .selectFrom('deliveries')
      .selectAll()
      .where('webhook_id', '=', webhookId)
      .orderBy('created_at', 'desc')
      .orderBy('delivery_id', 'desc')
      .limit(limit + 1)
    if (state) query = query.where('state', '=', state)
    const after = cursor === undefined ? undefined : readCursor(cursor)
    if (after) {
      query = query.where(({ eb, or, and }) =>
        or([
          eb('created_at', '<', after.createdAt),
          and([eb('created_at', '=', after.createdAt), eb('delivery_id', '<', after.deliveryId)]),
        ]),
      )
    }
    const rows = await query.execute()
    const page = rows.slice(0, limit)
    const last = rows.length > limit ? page.at(-1) : undefined
    return {
      deliveries: page.map(toDelivery),
      ...(last && { cursor: `${last.created_at}-${last.delivery_id}` }),
    }
  }

  async function counts(): Promise<Map<string, DeliveryCounts>> {
    const rows = await database
      .selectFrom('deliveries')
      .select(({ fn }) => ['webhook_id', 'state', fn.countAll<number>().as('n')])
      .where('state', '!=', 'delivered')
      .groupBy(['webhook_id', 'state'])
      .execute()
    const byWebhook = new Map<string, DeliveryCounts>()
    for (const { webhook_id, state, n } of rows) {
      const known = byWebhook.get(webhook_id) ?? { waiting: 0, dead: 0 }
      byWebhook.set(webhook_id, { ...known, [state]: Number(n) })
    }
    return byWebhook
  }

  async function again(deliveryId: string): Promise<void> {
    await database
      .updateTable('deliveries')
      .set(due())
      .where('delivery_id', '=', deliveryId)
      .execute()
  }

  async function allAgain(webhookId: string, { since, until, states }: Span): Promise<number> {
    const { numUpdatedRows } = await database
      .updateTable('deliveries')
      .set(due())
      .where('webhook_id', '=', webhookId)
      .where('state', 'in', states)
      .where('created_at', '>=', since)
      .where('created_at', '<=', until)
      .executeTakeFirstOrThrow()
    return Number(numUpdatedRows)
  }

  function due() {
    return {
      state: 'waiting' as const,
      attempts: 0,
      next_at: clock.inDatabase(),
      leased_until: 0,
      ended_at: null,
    }
  }
}

function toDelivery(row: Selectable<DeliveriesTable>): Delivery {
  const { state } = row
  return {
    delivery_id: row.delivery_id,
    webhook_id: row.webhook_id,
    type: row.type,
    ...(row.node_id !== null && { node_id: row.node_id }),
    ...(row.seq !== null && { seq: row.seq }),
    state,
    created_at: timeOf(row.created_at),
    ...(state === 'waiting' && { next_at: timeOf(row.next_at) }),
    attempts: JSON.parse(row.log) as DeliveryAttempt[],
    ...(row.answer !== null && { answer: row.answer }),
  }
}

export function timeOf(ms: number): string {
  return new Date(Number(ms)).toISOString()
}

function readCursor(text: string): { createdAt: number; deliveryId: string } | undefined {
  const [, createdAt, deliveryId] = /^(\d{1,16})-(msg_[0-9a-f]{32})$/.exec(text) ?? []
  if (createdAt === undefined || deliveryId === undefined) return undefined
  return { createdAt: Number(createdAt), deliveryId }
}
