import { type Answer, call, jsonOf } from './call.js'
import type { CallOptions, DeliveriesOptions } from './options.js'
import type {
  Delivery,
  NewWebhook,
  Redelivery,
  Webhook,
  WebhookChange,
  WebhookWithSecret,
} from './protocol/webhook.js'
import type { WebhookEvent } from './protocol/webhook-names.js'
import type { Connection } from './request.js'

/** Operations on webhooks, which receive messages about launches; see docs/webhooks.md. */
export interface WebhookOperations {
  listWebhooks(options?: CallOptions): Promise<Answer<'listWebhooks'>>
  /** The answer contains the secret, which is shown only once. */
  createWebhook(webhook: NewWebhook, options?: CallOptions): Promise<WebhookWithSecret>
  getWebhook(webhookId: string, options?: CallOptions): Promise<Webhook>
  changeWebhook(webhookId: string, change: WebhookChange, options?: CallOptions): Promise<Webhook>
  deleteWebhook(webhookId: string, options?: CallOptions): Promise<void>
  /** Sends a sample immediately and returns the result. */
  testWebhook(
    webhookId: string,
    sample?: { type?: WebhookEvent },
    options?: CallOptions,
  ): Promise<Delivery>
  /** Creates a new secret. For a day, the old one signs messages as well. */
  rotateWebhook(webhookId: string, options?: CallOptions): Promise<WebhookWithSecret>
  listDeliveries(webhookId: string, options?: DeliveriesOptions): Promise<Answer<'listDeliveries'>>
  /** Sends a message again, under the same id. */
  redeliver(deliveryId: string, options?: CallOptions): Promise<Delivery>
  /** Resends the messages of a period that were given up. Returns their number. */
  redeliverSince(webhookId: string, which: Redelivery, options?: CallOptions): Promise<number>
}

export function webhookOperations(connection: Connection): WebhookOperations {
  const json = jsonOf(connection)
  return {
    listWebhooks: ({ signal } = {}) => json('listWebhooks', { signal }),

    createWebhook: (body, { signal } = {}) => json('createWebhook', { body, signal }),

    getWebhook: (id, { signal } = {}) => json('getWebhook', { id, signal }),

    changeWebhook: (id, body, { signal } = {}) => json('changeWebhook', { id, body, signal }),

    async deleteWebhook(id, { signal } = {}) {
      await call(connection, 'deleteWebhook', { id, signal })
    },

    testWebhook: (id, body = {}, { signal } = {}) => json('testWebhook', { id, body, signal }),

    rotateWebhook: (id, { signal } = {}) => json('rotateWebhook', { id, signal }),

    listDeliveries: (id, { signal, ...query } = {}) =>
      json('listDeliveries', { id, query, signal }),

    redeliver: (id, { signal } = {}) => json('redeliver', { id, signal }),

    redeliverSince: async (id, body, { signal } = {}) =>
      (await json('redeliverSince', { id, body, signal })).count,
  }
}
