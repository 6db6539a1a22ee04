/** What a webhook can be told, with a sentence on each. */
export const WEBHOOK_EVENTS = {
  'launch.started': 'A launch has its first entry.',
  'launch.phase_changed': 'A launch has entered another phase.',
  'launch.active': 'A node is ready and serves requests.',
  'launch.failed':
    'A launch has failed, or a node that was active has. Launches that fail for one cause at about the same time are one message.',
  'launch.stalled': 'A launch has been silent for far longer than launches like it.',
  'launch.recovered': 'A launch that had stalled goes on.',
  'launch.terminated': 'A launch or a node was terminated on request.',
  'launch.preempted': 'An active node has lost its spot instance.',
  'launch.slow':
    'A phase has taken twice as long as it takes 95 % of such launches, although there is output.',
  'entry.matched': 'An entry passes the webhook’s query.',
  'fleet.failure_rate':
    'Half or more of the launches of the last hour have failed, of five or more.',
  'webhook.disabled': 'Another webhook was switched off, because its receiver fails.',
} as const

export type WebhookEvent = keyof typeof WEBHOOK_EVENTS
export const WEBHOOK_EVENT_NAMES = Object.keys(WEBHOOK_EVENTS) as WebhookEvent[]

/** What a webhook is told that names no events. */
export const USUAL_WEBHOOK_EVENTS: readonly WebhookEvent[] = [
  'launch.active',
  'launch.failed',
  'launch.stalled',
  'launch.recovered',
  'launch.preempted',
]

/** How a message is written: by the specification of Standard Webhooks, or as a service reads it. */
export const WEBHOOK_FORMATS = ['standard', 'slack', 'discord', 'pagerduty', 'text'] as const
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number]

/** A delivery waits, has arrived, or was given up. */
export const DELIVERY_STATES = ['waiting', 'delivered', 'dead'] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]
