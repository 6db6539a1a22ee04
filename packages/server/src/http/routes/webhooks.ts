import type { FastifyInstance } from 'fastify'
import type { Webhooks } from '../../notify/webhooks.js'
import { serve } from '../operation.js'

/** Webhooks and their deliveries. */
export function mountWebhooks(app: FastifyInstance, { webhooks }: { webhooks: Webhooks }): void {
  serve(app, {
    async listWebhooks() {
      const all = await webhooks.list()
      return { webhooks: all, count: all.length }
    },

    async createWebhook({ body }) {
      const answer = await webhooks.create(body)
      return { answer, headers: { Location: `/admin/webhooks/${answer.webhook_id}` } }
    },

    getWebhook: ({ id }) => webhooks.get(id),

    changeWebhook: ({ id, body }) => webhooks.change(id, body),

    async deleteWebhook({ id }) {
      await webhooks.remove(id)
    },

    testWebhook: ({ id, body: { type = 'launch.failed' } }) => webhooks.test(id, type),

    rotateWebhook: ({ id }) => webhooks.rotate(id),

    async listDeliveries({ id, query }) {
      const { deliveries, cursor } = await webhooks.deliveries(id, query)
      return { deliveries, count: deliveries.length, cursor }
    },

    async redeliverSince({ id, body: { since, until, delivered = false } }) {
      const end = until === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(until)
      const span = { since: Date.parse(since), until: end, delivered }
      return { count: await webhooks.redeliverSince(id, span) }
    },

    redeliver: ({ id }) => webhooks.redeliver(id),
  })
}
