import { shorten } from '@launchtail/client/protocol'
import type { Message } from '../message.js'
import { type Brief, briefOf, typeOf } from './brief.js'
import type { Format, Sender } from './format.js'

/** PagerDuty's limits, in characters. */
const SUMMARY = 1024
const KEY = 255

/** Events that resolve the alert about a launch. */
const RESOLVES = new Set([
  ...['launch.active', 'launch.recovered', 'launch.healthy', 'launch.terminated'],
])

/** PagerDuty's Events API v2. All messages about a launch belong to one alert. */
export const pagerduty: Format = {
  contentType: 'application/json',
  atOnce: 4,
  every: 0,
  hidesAddress: false,
  isSigned: false,
  givenSecret: {
    missing: "'secret' is required: with pagerduty, it is the routing key of the integration",
    add: (body, secret) => ({ routing_key: secret, ...body }),
  },
  render(message, sender) {
    const brief = briefOf(message)
    const isResolved = RESOLVES.has(typeOf(message))
    return {
      event_action: isResolved ? 'resolve' : 'trigger',
      dedup_key: keyOf(message, sender),
      ...(isResolved ? {} : { payload: payloadOf(message, brief) }),
      ...(brief.link === undefined ? {} : { links: [{ href: brief.link, text: 'Open the log' }] }),
      client: 'Launchtail',
    }
  },
}

function keyOf(message: Message, { deliveryId }: Sender): string {
  const { data } = message
  const node = data.launch?.node_id ?? data.node_id
  if (node === undefined) return deliveryId
  // A log line is an alert of its own, because the launch may still succeed.
  return shorten(typeOf(message) === 'entry.matched' ? `${node}/entry.matched` : node, KEY)
}

function payloadOf(message: Message, brief: Brief): object {
  const { timestamp, data } = message
  const { title, severity, message: what, advice, facts, lines } = brief
  const { launch } = data
  return {
    summary: shorten(what === '' ? title : `${title}: ${what}`, SUMMARY),
    source: launch?.node_id ?? data.node_id ?? 'launchtail',
    severity,
    timestamp,
    component: launch?.model || undefined,
    group: launch?.provider || undefined,
    class: data.failure?.code ?? typeOf(message),
    custom_details: {
      ...Object.fromEntries(facts.map(({ name, value }) => [name, value])),
      ...(advice === '' ? {} : { Advice: advice }),
      ...(lines.length === 0 ? {} : { Lines: lines.map(({ text }) => text) }),
    },
  }
}
