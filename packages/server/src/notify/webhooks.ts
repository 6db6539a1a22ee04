import {
  type Delivery,
  formatDuration,
  type NewWebhook,
  type Webhook,
  type WebhookChange,
  type WebhookEvent,
  type WebhookWithSecret,
} from '@launchtail/client/protocol'
import { deliveryNotFound, HttpError, webhookNotFound } from '../errors.js'
import type { Clock } from './clock.js'
import {
  type DeliveriesFilter,
  type DeliveriesPage,
  type DeliveryRows,
  timeOf,
} from './delivery-rows.js'
import { FORMATS } from './formats/index.js'
import { createRule } from './rules.js'
import { createChanges } from './webhook-changes.js'
import type { StoredWebhook, WebhookRows } from './webhook-rows.js'

/** The API's operations on webhooks. They throw HttpErrors. */
export interface Webhooks {
  create(webhook: NewWebhook): Promise<WebhookWithSecret>
  list(): Promise<Webhook[]>
  get(webhookId: string): Promise<Webhook>
  change(webhookId: string, change: WebhookChange): Promise<Webhook>
  remove(webhookId: string): Promise<void>
  rotate(webhookId: string): Promise<WebhookWithSecret>
  /** Sends a sample immediately. */
  test(webhookId: string, type: WebhookEvent): Promise<Delivery>
  deliveries(webhookId: string, filter: DeliveriesFilter): Promise<DeliveriesPage>
  /** Sends a message again, under the same id. */
  redeliver(deliveryId: string): Promise<Delivery>
  /** Resends the messages that were created in a period. Returns their number. */
  redeliverSince(
    webhookId: string,
    which: { since: number; until: number; delivered: boolean },
  ): Promise<number>
}

export interface WebhooksOptions {
  rows: WebhookRows
  deliveries: DeliveryRows
  clock: Clock
  /** Throws an HttpError for an address that no message may go to. */
  refuseTarget: (url: string) => Promise<void>
  redact: (text: string) => string
  /** Called after each change, before it is answered. */
  onChanged: () => Promise<void>
  /** Called when something may have become due. */
  onDue: () => void
  sendSample: (webhook: StoredWebhook, type: WebhookEvent) => Promise<Delivery>
}

/** Every event is checked against every webhook. */
const MOST = 100

export function createWebhooks(options: WebhooksOptions): Webhooks {
  const { rows, deliveries, refuseTarget, onChanged, onDue, sendSample } = options
  const changes = createChanges(options)
  return {
    create,
    async list() {
      const counts = await deliveries.counts()
      return (await rows.list()).map((one) => shown(one, counts.get(one.webhookId)))
    },
    get: async (webhookId) => withCounts(await known(webhookId)),
    change,
    async remove(webhookId) {
      await known(webhookId)
      await rows.remove(webhookId)
      await onChanged()
    },
    rotate,
    test: async (webhookId, type) => sendSample(await known(webhookId), type),
    async deliveries(webhookId, filter) {
      await known(webhookId)
      return deliveries.list(webhookId, filter)
    },
    redeliver,
    async redeliverSince(webhookId, { since, until, delivered }) {
      refuseOff(await known(webhookId))
      const states = delivered ? (['dead', 'delivered'] as const) : (['dead'] as const)
      const count = await deliveries.allAgain(webhookId, { since, until, states })
      onDue()
      return count
    },
  }

  async function create(given: NewWebhook): Promise<WebhookWithSecret> {
    if ((await rows.list()).length >= MOST) {
      throw new HttpError(409, `there are ${MOST} webhooks, and there can be no more`)
    }
    const webhook = changes.create(given)
    await check(webhook)
    await rows.add(webhook)
    await onChanged()
    return withSecret(webhook)
  }

  async function change(webhookId: string, given: WebhookChange): Promise<Webhook> {
    const after = changes.change(await known(webhookId), given)
    await check(after)
    await rows.change(after)
    await onChanged()
    onDue()
    return withCounts(after)
  }

  async function rotate(webhookId: string): Promise<WebhookWithSecret> {
    const after = changes.rotate(await known(webhookId))
    await rows.change(after)
    await onChanged()
    return withSecret(after)
  }

  async function redeliver(deliveryId: string): Promise<Delivery> {
    const delivery = await deliveries.get(deliveryId)
    if (!delivery) throw deliveryNotFound()
    refuseOff(await known(delivery.webhook_id))
    if (delivery.state !== 'waiting') await deliveries.again(deliveryId)
    onDue()
    return (await deliveries.get(deliveryId)) ?? delivery
  }

  async function check(webhook: StoredWebhook): Promise<void> {
    const { url, events, q } = webhook
    if (events.includes('entry.matched') && q === undefined) {
      throw new HttpError(400, "'q' is required with the event entry.matched")
    }
    await createRule(webhook)
    await refuseTarget(url)
  }

  async function known(webhookId: string): Promise<StoredWebhook> {
    const webhook = await rows.get(webhookId)
    if (!webhook) throw webhookNotFound()
    return webhook
  }

  async function withCounts(webhook: StoredWebhook): Promise<Webhook> {
    return shown(webhook, (await deliveries.counts()).get(webhook.webhookId))
  }

  async function withSecret(webhook: StoredWebhook): Promise<WebhookWithSecret> {
    const [secret] = FORMATS[webhook.format].isSigned ? webhook.secrets : []
    return { ...(await withCounts(webhook)), ...(secret && { secret: secret.value }) }
  }
}

function refuseOff({ isEnabled }: StoredWebhook): void {
  if (!isEnabled) throw new HttpError(409, 'the webhook is switched off; switch it on first')
}

function shown(
  webhook: StoredWebhook,
  { waiting = 0, dead = 0 }: { waiting?: number; dead?: number } = {},
): Webhook {
  const { webhookId, q, disabledReason, failingSince } = webhook
  return {
    webhook_id: webhookId,
    url: webhook.shownUrl,
    events: [...webhook.events],
    ...(q !== undefined && { q }),
    format: webhook.format,
    cooldown: formatDuration(webhook.cooldown),
    group: {
      wait: formatDuration(webhook.group.wait),
      interval: formatDuration(webhook.group.interval),
    },
    enabled: webhook.isEnabled,
    ...(disabledReason !== undefined && { disabled_reason: disabledReason }),
    ...(failingSince !== undefined && { failing_since: timeOf(failingSince) }),
    waiting,
    dead,
    created_at: webhook.createdAt,
  }
}
