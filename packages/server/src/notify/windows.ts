import type { Transaction, UpdateObject } from 'kysely'
import type { Database } from '../database/open.js'
import type { Schema } from '../database/schema.js'
import type { Clock } from './clock.js'
import type { StoredMessage } from './message.js'

/** Similar entries of one batch. */
export interface Alike {
  readonly count: number
  readonly firstAt: string
  readonly lastAt: string
  /** The message about the newest of them. */
  readonly message: StoredMessage
}

export interface WindowKey {
  readonly webhookId: string
  readonly key: string
}

/** A window that has closed, and what was counted in it. */
export interface Closed extends WindowKey {
  readonly suppressed: number
  readonly firstAt: string
  readonly lastAt: string
  readonly message: StoredMessage
}

/**
 * Counts similar entries. The first one is sent at once and opens a window, during which more are only
 * counted. When it closes, one message reports them, and the next window is twice as long. A window without
 * any is forgotten.
 */
export interface Windows {
  /** Returns true if the first of these should be sent at once. The others are counted. */
  take(
    transaction: Transaction<Schema>,
    key: WindowKey,
    alike: Alike,
    cooldown: number,
  ): Promise<boolean>
  /** The number of the webhook's windows whose keys have this prefix. */
  open(transaction: Transaction<Schema>, webhookId: string, prefix: string): Promise<number>
  /** True if a window is due to close. */
  areOver(): Promise<boolean>
  /** Closes up to `most` due windows and returns those that have counted something. */
  close(transaction: Transaction<Schema>, most: number): Promise<Closed[]>
}

const LONGEST = 15 * 60_000
const EMPTY = { suppressed: 0, first_at: null, last_at: null, message: null }

export function createWindows(database: Database, clock: Clock): Windows {
  return { take, open, areOver, close }

  async function take(
    transaction: Transaction<Schema>,
    { webhookId, key }: WindowKey,
    { count, firstAt, lastAt, message }: Alike,
    cooldown: number,
  ): Promise<boolean> {
    const known = await transaction
      .selectFrom('webhook_windows')
      .select(['suppressed', 'first_at'])
      .where('webhook_id', '=', webhookId)
      .where('key', '=', key)
      .where((of) => of.or([of('until', '>', clock.inDatabase()), of('suppressed', '>', 0)]))
      .executeTakeFirst()
    const more = known ? count : count - 1
    const counted = {
      suppressed: (known?.suppressed ?? 0) + more,
      first_at: known?.first_at ?? firstAt,
      last_at: lastAt,
      message: JSON.stringify(message),
    }
    if (known) {
      await set(transaction, { webhookId, key }, counted)
      return false
    }
    const times = { until: clock.later(cooldown), length: cooldown }
    const row = { ...times, ...(more > 0 ? counted : EMPTY) }
    await transaction
      .insertInto('webhook_windows')
      .values({ webhook_id: webhookId, key, ...row })
      .onConflict((conflict) => conflict.columns(['webhook_id', 'key']).doUpdateSet(row))
      .execute()
    return true
  }

  async function open(
    transaction: Transaction<Schema>,
    webhookId: string,
    prefix: string,
  ): Promise<number> {
    const { windows } = await transaction
      .selectFrom('webhook_windows')
      .select(({ fn }) => fn.countAll<number>().as('windows'))
      .where('webhook_id', '=', webhookId)
      .where('key', '>=', prefix)
      .where('key', '<', `${prefix}\u{10ffff}`)
      .executeTakeFirstOrThrow()
    return Number(windows)
  }

  async function areOver(): Promise<boolean> {
    const over = await database
      .selectFrom('webhook_windows')
      .select('key')
      .where('until', '<=', clock.inDatabase())
      .limit(1)
      .executeTakeFirst()
    return over !== undefined
  }

  async function close(transaction: Transaction<Schema>, most: number): Promise<Closed[]> {
    const over = await transaction
      .selectFrom('webhook_windows')
      .selectAll()
      .where('until', '<=', clock.inDatabase())
      .orderBy('until')
      .limit(most)
      .execute()
    const closed: Closed[] = []
    for (const row of over) {
      const { webhook_id: webhookId, key, suppressed, first_at, last_at, message } = row
      if (suppressed === 0 || message === null || first_at === null || last_at === null) {
        await forget(transaction, { webhookId, key })
        continue
      }
      const length = Math.min(Number(row.length) * 2, LONGEST)
      await set(transaction, { webhookId, key }, { until: clock.later(length), length, ...EMPTY })
      const told = { suppressed, firstAt: first_at, lastAt: last_at }
      closed.push({ webhookId, key, ...told, message: JSON.parse(message) as StoredMessage })
    }
    return closed
  }
}

async function set(
  transaction: Transaction<Schema>,
  { webhookId, key }: WindowKey,
  changed: UpdateObject<Schema, 'webhook_windows'>,
): Promise<void> {
  await transaction
    .updateTable('webhook_windows')
    .set(changed)
    .where('webhook_id', '=', webhookId)
    .where('key', '=', key)
    .execute()
}

async function forget(
  transaction: Transaction<Schema>,
  { webhookId, key }: WindowKey,
): Promise<void> {
  await transaction
    .deleteFrom('webhook_windows')
    .where('webhook_id', '=', webhookId)
    .where('key', '=', key)
    .execute()
}
