/** The events that webhooks can receive. */
export const WEBHOOK_EVENTS = {
  'launch.started': 'The first entry of a launch.',
  'launch.phase_changed': 'A launch has entered another phase.',
  'launch.active': 'A node is ready and serves requests.',
  'launch.failed':
    'A launch has failed, or a node that was active has. Launches that fail with the same cause at about the same time share a message.',
  'launch.stalled': 'A launch has been silent for far longer than similar launches.',
  'launch.recovered': 'A launch that had stalled continues.',
  'launch.terminated': 'A launch or a node was terminated on request.',
  'launch.preempted': 'An active node has lost its spot instance.',
  'launch.unhealthy': 'The server of an active node does not answer its health check any more.',
  'launch.healthy': 'It answers again.',
  'launch.over_budget': 'A node runs on although its budget, or that of the day, is exceeded.',
  'launch.slow': 'A phase has taken more than twice its 95th percentile, although there is output.',
  'entry.matched': 'An entry matches the webhook’s query.',
  'fleet.failure_rate':
    'At least half of the launches of the last hour have failed, and there were at least five.',
  'webhook.disabled': 'Another webhook was switched off because its receiver fails.',
} as const

export type WebhookEvent = keyof typeof WEBHOOK_EVENTS
export const WEBHOOK_EVENT_NAMES = Object.keys(WEBHOOK_EVENTS) as WebhookEvent[]

/** The events of a webhook that does not name any. */
export const USUAL_WEBHOOK_EVENTS: readonly WebhookEvent[] = [
  'launch.active',
  'launch.failed',
  'launch.stalled',
  'launch.recovered',
  'launch.preempted',
]

/** The formats of messages: Standard Webhooks, or what a service understands. */
export const WEBHOOK_FORMATS = ['standard', 'slack', 'discord', 'pagerduty', 'text'] as const
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number]

/** A delivery is waiting, has arrived, or was given up. */
export const DELIVERY_STATES = ['waiting', 'delivered', 'dead'] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]
