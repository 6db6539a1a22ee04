import type { Selectable, Transaction } from 'kysely'
import type { Database } from '../database/open.js'
import type { DeliveriesTable, Schema } from '../database/schema.js'
import type { Clock } from './clock.js'

export type Claimed = Selectable<DeliveriesTable>

export interface Claims {
  /** Claims up to `most` due messages of a webhook. Nobody else gets them until the lease expires. */
  claim(webhookId: string, most: number): Promise<Claimed[]>
  /** The ids of the webhooks that have due messages. */
  due(): Promise<ReadonlySet<string>>
  /** Claims a message in the transaction that adds it. */
  claimNew(transaction: Transaction<Schema>, deliveryId: string): Promise<Claimed>
  /**
   * Releases what this process, or its predecessor of the same name, has claimed, except what is under way: it is
   * due now.
   */
  release(underWay?: readonly string[]): Promise<void>
}

/** An attempt takes 15 s at most; a lease outlasts it. */
const LEASE = 60_000
/** A later message about the same launch waits for this many attempts of an earlier one. */
const WAITED_FOR = 3

export interface ClaimsOptions {
  database: Database
  clock: Clock
  /** This process's id. */
  owner: string
}

export function createClaims({ database, clock, owner }: ClaimsOptions): Claims {
  return {
    claim: (webhookId, most) =>
      database.transaction().execute(async (transaction) => {
        const due = await dueOf(transaction, webhookId, most)
        return take(transaction, oneOfEachNode(due))
      }),
    async due() {
      const rows = await database
        .selectFrom('deliveries')
        .select('webhook_id')
        .distinct()
        .where('state', '=', 'waiting')
        .where('next_at', '<=', clock.inDatabase())
        .where('leased_until', '<=', clock.inDatabase())
        .execute()
      return new Set(rows.map(({ webhook_id }) => webhook_id))
    },
    claimNew: async (transaction, deliveryId) =>
      (await take(transaction, [deliveryId]))[0] as Claimed,
    async release(underWay = []) {
      const claimed = database
        .updateTable('deliveries')
        .set({ owner: null, leased_until: 0 })
        .where('owner', '=', owner)
        .where('leased_until', '>', 0)
      const lost =
        underWay.length === 0 ? claimed : claimed.where('delivery_id', 'not in', underWay)
      await lost.execute()
    },
  }

  /** Due messages that no earlier message about the same launch holds back. */
  function dueOf(transaction: Transaction<Schema>, webhookId: string, most: number) {
    return transaction
      .selectFrom('deliveries as one')
      .select(['one.delivery_id', 'one.node_id'])
      .where('one.webhook_id', '=', webhookId)
      .where('one.state', '=', 'waiting')
      .where('one.next_at', '<=', clock.inDatabase())
      .where('one.leased_until', '<=', clock.inDatabase())
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('deliveries as earlier')
              .select('earlier.delivery_id')
              .whereRef('earlier.webhook_id', '=', 'one.webhook_id')
              .whereRef('earlier.node_id', '=', 'one.node_id')
              .where('earlier.state', '=', 'waiting')
              .whereRef('earlier.delivery_id', '!=', 'one.delivery_id')
              .where(({ or, and, eb, ref }) =>
                or([
                  eb('earlier.leased_until', '>', clock.inDatabase()),
                  and([
                    eb('earlier.seq', '<', ref('one.seq')),
                    eb('earlier.attempts', '<', WAITED_FOR),
                  ]),
                ]),
              ),
          ),
        ),
      )
      .orderBy('one.next_at')
      .orderBy('one.seq')
      .limit(most)
      .execute()
  }

  async function take(
    transaction: Transaction<Schema>,
    deliveryIds: readonly string[],
  ): Promise<Claimed[]> {
    if (deliveryIds.length === 0) return []
    return transaction
      .updateTable('deliveries')
      .set(({ eb }) => ({
        owner,
        attempts: eb('attempts', '+', 1),
        leased_until: clock.later(LEASE),
        gathers: null,
      }))
      .where('delivery_id', 'in', deliveryIds)
      .where('state', '=', 'waiting')
      .where('leased_until', '<=', clock.inDatabase())
      .returningAll()
      .execute()
  }
}

/** One message of each launch at a time, so that they arrive in order. */
function oneOfEachNode(due: readonly { delivery_id: string; node_id: string | null }[]): string[] {
  const nodes = new Set<string>()
  return due.flatMap(({ delivery_id, node_id }) => {
    if (node_id === null) return [delivery_id]
    if (nodes.has(node_id)) return []
    nodes.add(node_id)
    return [delivery_id]
  })
}
