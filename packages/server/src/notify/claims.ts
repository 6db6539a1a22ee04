import type { Selectable, Transaction } from 'kysely'
import type { Database } from '../database/open.js'
import type { DeliveriesTable, Schema } from '../database/schema.js'
import type { Clock } from './clock.js'

export type Claimed = Selectable<DeliveriesTable>

export interface Claims {
  /** Takes messages of a webhook that are due, at most so many. Until its lease is over, nobody else gets them. */
  claim(webhookId: string, most: number): Promise<Claimed[]>
  /** The webhooks that have messages which are due. */
  due(): Promise<ReadonlySet<string>>
  /** Takes this one, which is being added. */
  claimNew(transaction: Transaction<Schema>, deliveryId: string): Promise<Claimed>
  /** What this process, or the one before it, was sending is due at once. */
  release(): Promise<void>
}

/** An attempt takes 15 s at most; a lease outlasts it. */
const LEASE = 60_000
/** A message waits for at most so many attempts of an earlier one about the same launch. */
const WAITED_FOR = 3

export interface ClaimsOptions {
  database: Database
  clock: Clock
  /** This process. */
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
    async release() {
      await database
        .updateTable('deliveries')
        .set({ owner: null, leased_until: 0 })
        .where('owner', '=', owner)
        .where('leased_until', '>', 0)
        .execute()
    },
  }

  /** Those that wait for no earlier message about their launch, and not while one is being sent. */
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

/** Of each launch one message is under way, so that they arrive in order. */
function oneOfEachNode(due: readonly { delivery_id: string; node_id: string | null }[]): string[] {
  const nodes = new Set<string>()
  return due.flatMap(({ delivery_id, node_id }) => {
    if (node_id === null) return [delivery_id]
    if (nodes.has(node_id)) return []
    nodes.add(node_id)
    return [delivery_id]
  })
}
