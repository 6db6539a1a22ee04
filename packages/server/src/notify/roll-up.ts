import type { Database } from '../database/open.js'
import type { NewDelivery, Outbox } from './outbox.js'
import type { Closed, Windows } from './windows.js'

/** The number of windows closed in one transaction. */
const SLICE = 100

/** Closes due windows, and sends a message about the entries that were counted in each. */
export function createRollUp({
  database,
  windows,
  outbox,
}: {
  database: Database
  windows: Windows
  outbox: Outbox
}) {
  return async (): Promise<void> => {
    if (!(await windows.areOver())) return
    await database.transaction().execute(async (transaction) => {
      for (const closed of await windows.close(transaction, SLICE)) {
        if (await outbox.isFull(transaction, closed.webhookId)) continue
        const nodeId = closed.message.data.node_id ?? ''
        const seq = await outbox.nextSeq(transaction, nodeId)
        await outbox.add(transaction, deliveryOf(closed, nodeId, seq))
      }
    })
  }
}

function deliveryOf(
  { webhookId, key, suppressed, firstAt, lastAt, message: { data, ...message } }: Closed,
  nodeId: string,
  seq: number,
): NewDelivery {
  const counted = { suppressed_count: suppressed, first_at: firstAt, last_at: lastAt }
  const [, startedAt = ''] = key.split('\n')
  const told = { ...message, data: { seq, ...data, ...counted } }
  return { webhookId, message: told, nodeId, startedAt, seq }
}
