import * as z from 'zod'
import { duration } from './node.js'
import { answers, requests } from './schemas.js'
import { parseDuration } from './time.js'
import {
  DELIVERY_STATES,
  USUAL_WEBHOOK_EVENTS,
  WEBHOOK_EVENT_NAMES,
  WEBHOOK_FORMATS,
} from './webhook-names.js'

const quoted = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ')

const url = z
  .string()
  .max(2048, 'must have at most 2048 characters')
  .describe(
    'Where messages are sent. It must be `https` and globally reachable, unless `LAUNCHTAIL_WEBHOOK_ALLOW` permits it.',
  )
const events = z
  .array(z.enum(WEBHOOK_EVENT_NAMES, `must be one of ${WEBHOOK_EVENT_NAMES.join(', ')}`))
  .min(1, 'must name an event')
  .max(WEBHOOK_EVENT_NAMES.length)
  .describe(`The events that it receives. Default: ${quoted(USUAL_WEBHOOK_EVENTS)}.`)
const q = z
  .string()
  .describe(
    'With `entry.matched`, a query for entries. Without it, a query for launches, which restricts the events to these.',
  )
const format = z
  .enum(WEBHOOK_FORMATS, `must be one of ${WEBHOOK_FORMATS.join(', ')}`)
  .describe('The format of messages. Default: `standard`.')
const cooldown = duration.describe(
  'How long similar entries are only counted after one was sent. Default: `60s`.',
)

const LONGEST_PAUSE = 3_600_000
const pause = z
  .string()
  .max(64)
  .refine(
    (text) => (parseDuration(text) ?? Number.POSITIVE_INFINITY) <= LONGEST_PAUSE,
    'must be a duration of at most 1h, such as 10s, or 0s for none',
  )
const group = z
  .strictObject({
    wait: pause
      .optional()
      .describe(
        'How long a first failure waits for others while more launches are running. Default: `10s`.',
      ),
    interval: pause
      .optional()
      .describe(
        'How long after such a message the next one may follow at the earliest. Default: `60s`.',
      ),
  })
  .describe('How launches that fail with the same cause share messages.')
const secret = z
  .string()
  .max(256, 'must have at most 256 characters')
  .describe(
    'The secret that signs messages: `whsec_` and 24 to 64 bytes in base64. Default: a new one. For `pagerduty`, the routing key.',
  )

export const newWebhookSchema = z
  .strictObject({
    url,
    events: events.optional(),
    q: q.optional(),
    format: format.optional(),
    cooldown: cooldown.optional(),
    group: group.optional(),
    secret: secret.optional(),
  })
  .register(requests, { id: 'NewWebhook' })

export const webhookChangeSchema = z
  .strictObject({
    url: url.optional(),
    events: events.optional(),
    q: q.optional().describe('As in a new webhook. An empty one removes the query.'),
    format: format.optional(),
    cooldown: cooldown.optional(),
    group: group.optional(),
    secret: secret
      .optional()
      .describe('For `pagerduty`, a new routing key. Other secrets are rotated instead.'),
    enabled: z.boolean().optional().describe('`true` switches a disabled webhook on again.'),
  })
  .register(requests, { id: 'WebhookChange' })

const webhookFields = {
  webhook_id: z.string(),
  url: z.string().describe('With its secrets masked.'),
  events: z.array(z.enum(WEBHOOK_EVENT_NAMES)),
  q: z.string().optional(),
  format: z.enum(WEBHOOK_FORMATS),
  cooldown: z.string(),
  group: z.object({ wait: z.string(), interval: z.string() }),
  enabled: z.boolean(),
  disabled_reason: z.string().optional().describe('The reason if the server switched it off.'),
  failing_since: z
    .string()
    .optional()
    .describe('Every attempt since then has failed. After five days, the webhook is switched off.'),
  waiting: z.number().int().describe('The number of messages that are still to be delivered.'),
  dead: z
    .number()
    .int()
    .describe('The number of messages that were given up in the last seven days.'),
  created_at: z.string(),
}

export const webhookSchema = z
  .object(webhookFields)
  .describe('An address that receives messages about launches.')
  .register(answers, { id: 'Webhook' })

export const webhookWithSecretSchema = z
  .object({
    ...webhookFields,
    secret: z
      .string()
      .optional()
      .describe('The secret that signs its messages. It is shown only once.'),
  })
  .describe('A webhook with its secret.')
  .register(answers, { id: 'WebhookWithSecret' })

export const webhooksSchema = z
  .object({ webhooks: z.array(webhookSchema), count: z.number().int() })
  .register(answers, { id: 'Webhooks' })

const attemptSchema = z.object({
  at: z.string(),
  took_ms: z.number().int(),
  status: z.number().int().optional().describe('The status of the receiver’s answer.'),
  error: z.string().optional().describe('Why the attempt failed.'),
})

export const deliverySchema = z
  .object({
    delivery_id: z.string().describe('The `webhook-id` of every attempt.'),
    webhook_id: z.string(),
    type: z.string(),
    node_id: z.string().optional(),
    seq: z.number().int().optional(),
    state: z.enum(DELIVERY_STATES),
    created_at: z.string(),
    next_at: z.string().optional().describe('When the next attempt is due.'),
    attempts: z.array(attemptSchema).describe('The latest 20 attempts.'),
    answer: z
      .string()
      .optional()
      .describe('The first 4 KB of the latest answer, with secrets masked.'),
  })
  .describe('A message to a webhook, and what became of it.')
  .register(answers, { id: 'Delivery' })

export const deliveriesSchema = z
  .object({
    deliveries: z.array(deliverySchema),
    count: z.number().int(),
    cursor: z.string().optional().describe('Where the next page begins. Missing on the last page.'),
  })
  .register(answers, { id: 'Deliveries' })

export const webhookTestSchema = z
  .strictObject({
    type: z
      .enum(WEBHOOK_EVENT_NAMES, `must be one of ${WEBHOOK_EVENT_NAMES.join(', ')}`)
      .optional()
      .describe('The event of the sample. Default: `launch.failed`.'),
  })
  .register(requests, { id: 'WebhookTest' })

const time = z.iso.datetime({ offset: true, error: 'must be an RFC 3339 time' })

export const redeliverySchema = z
  .strictObject({
    since: time.describe('Messages created at this time or later.'),
    until: time.optional().describe('Messages created up to this time. Default: now.'),
    delivered: z
      .boolean()
      .optional()
      .describe('Include messages that have arrived. Default: only those that were given up.'),
  })
  .register(requests, { id: 'Redelivery' })

export const redeliveredSchema = z
  .object({ count: z.number().int().describe('The number of messages that are sent again.') })
  .register(answers, { id: 'Redelivered' })

export type NewWebhook = z.input<typeof newWebhookSchema>
export type WebhookChange = z.input<typeof webhookChangeSchema>
export type Webhook = z.infer<typeof webhookSchema>
export type WebhookWithSecret = z.infer<typeof webhookWithSecretSchema>
export type Delivery = z.infer<typeof deliverySchema>
export type DeliveryAttempt = z.infer<typeof attemptSchema>
export type Redelivery = z.input<typeof redeliverySchema>
