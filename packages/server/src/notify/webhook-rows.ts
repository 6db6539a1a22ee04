import { randomBytes } from 'node:crypto'
import type { WebhookEvent, WebhookFormat } from '@launchtail/client/protocol'
import type { Selectable } from 'kysely'
import type { Database } from '../database/open.js'
import type { WebhooksTable } from '../database/schema.js'
import { seal, unseal } from '../seal.js'
import type { Group } from './rules.js'

/** A webhook as it is stored. */
export interface StoredWebhook {
  readonly webhookId: string
  readonly url: string
  /** The address with its secrets masked. */
  readonly shownUrl: string
  /** Newest first. */
  readonly secrets: readonly Secret[]
  readonly events: readonly WebhookEvent[]
  readonly q: string | undefined
  readonly format: WebhookFormat
  /** Milliseconds. */
  readonly cooldown: number
  readonly group: Group
  readonly isEnabled: boolean
  readonly disabledReason: string | undefined
  readonly failingSince: number | undefined
  readonly createdAt: string
}

export interface Secret {
  readonly value: string
  /** When it stops signing, in milliseconds since 1970, if it has been replaced. */
  readonly until?: number
}

export interface WebhookRows {
  list(): Promise<StoredWebhook[]>
  get(webhookId: string): Promise<StoredWebhook | undefined>
  add(webhook: StoredWebhook): Promise<void>
  change(webhook: StoredWebhook): Promise<void>
  /** Removes a webhook and all of its messages. */
  remove(webhookId: string): Promise<void>
}

/** Addresses and secrets are encrypted, so that the database alone does not reveal them. */
export function createWebhookRows(database: Database, key: Buffer): WebhookRows {
  return {
    async list() {
      const rows = await database
        .selectFrom('webhooks')
        .selectAll()
        .orderBy('created_at')
        .orderBy('webhook_id')
        .execute()
      return rows.map(fromRow)
    },
    async get(webhookId) {
      const row = await database
        .selectFrom('webhooks')
        .selectAll()
        .where('webhook_id', '=', webhookId)
        .executeTakeFirst()
      return row && fromRow(row)
    },
    async add(webhook) {
      await database.insertInto('webhooks').values(toRow(webhook)).execute()
    },
    async change(webhook) {
      await database
        .updateTable('webhooks')
        .set(toRow(webhook))
        .where('webhook_id', '=', webhook.webhookId)
        .execute()
    },
    async remove(webhookId) {
      await database.transaction().execute(async (transaction) => {
        for (const table of ['deliveries', 'webhook_windows', 'webhooks'] as const) {
          await transaction.deleteFrom(table).where('webhook_id', '=', webhookId).execute()
        }
      })
    },
  }

  function toRow(webhook: StoredWebhook): WebhooksTable {
    const { webhookId, url, secrets } = webhook
    return {
      webhook_id: webhookId,
      sealed: seal(key, `webhook ${webhookId}`, { url, secrets }),
      url: webhook.shownUrl,
      events: JSON.stringify(webhook.events),
      q: webhook.q ?? null,
      format: webhook.format,
      cooldown: webhook.cooldown,
      group_wait: webhook.group.wait,
      group_interval: webhook.group.interval,
      enabled: webhook.isEnabled ? 1 : 0,
      disabled_reason: webhook.disabledReason ?? null,
      failing_since: webhook.failingSince ?? null,
      created_at: webhook.createdAt,
    }
  }

  function fromRow(row: Selectable<WebhooksTable>): StoredWebhook {
    const { webhook_id: webhookId, failing_since } = row
    const sealed = open(row)
    const lost = sealed ? undefined : LOST_KEY
    return {
      webhookId,
      url: sealed?.url ?? '',
      secrets: sealed?.secrets ?? [],
      shownUrl: row.url,
      events: JSON.parse(row.events),
      q: row.q ?? undefined,
      format: row.format,
      cooldown: Number(row.cooldown),
      group: { wait: Number(row.group_wait), interval: Number(row.group_interval) },
      isEnabled: sealed !== undefined && row.enabled !== 0,
      disabledReason: lost ?? row.disabled_reason ?? undefined,
      failingSince: failing_since === null ? undefined : Number(failing_since),
      createdAt: row.created_at,
    }
  }

  /** Undefined if it was encrypted with another key. */
  function open({ webhook_id, sealed }: Selectable<WebhooksTable>): Sealed | undefined {
    try {
      return unseal<Sealed>(key, `webhook ${webhook_id}`, sealed)
    } catch {
      // The server must still start. The webhook shows what is wrong.
      return undefined
    }
  }
}

type Sealed = Pick<StoredWebhook, 'url' | 'secrets'>

const LOST_KEY =
  'its address cannot be decrypted, because the data folder has another key; create it anew'

export function newWebhookId(): string {
  return `wh_${randomBytes(10).toString('hex')}`
}
