import type {
  NewWebhook,
  Webhook,
  WebhookChange,
  WebhookEvent,
  WebhookFormat,
} from '@launchtail/client'
import { USUAL_WEBHOOK_EVENTS, WEBHOOK_EVENTS } from '@launchtail/client/protocol'
import { type Signal, useSignal } from '@preact/signals'

export const EVENTS = Object.entries(WEBHOOK_EVENTS) as [WebhookEvent, string][]

/** What is typed into the form of a webhook. */
export interface WebhookFields {
  readonly url: Signal<string>
  readonly format: Signal<WebhookFormat>
  /** PagerDuty's routing key. */
  readonly key: Signal<string>
  readonly events: Signal<ReadonlySet<WebhookEvent>>
  readonly q: Signal<string>
  readonly cooldown: Signal<string>
  readonly wait: Signal<string>
  readonly interval: Signal<string>
}

/** Fields with the values of a webhook, or with the usual ones of a new webhook. */
export function useFields(webhook?: Webhook): WebhookFields {
  return {
    // The address that is shown has its secrets masked, so it cannot be sent back.
    url: useSignal(''),
    format: useSignal<WebhookFormat>(webhook?.format ?? 'standard'),
    key: useSignal(''),
    events: useSignal<ReadonlySet<WebhookEvent>>(new Set(webhook?.events ?? USUAL_WEBHOOK_EVENTS)),
    q: useSignal(webhook?.q ?? ''),
    cooldown: useSignal(webhook?.cooldown ?? ''),
    wait: useSignal(webhook?.group.wait ?? ''),
    interval: useSignal(webhook?.group.interval ?? ''),
  }
}

/** The webhook that the fields describe. */
export function newWebhookOf(fields: WebhookFields): NewWebhook {
  const q = fields.q.value.trim()
  return { ...shared(fields), url: fields.url.value.trim(), ...(q !== '' && { q }) }
}

/** The change that makes a webhook what the fields describe. An empty address or key stays as it is. */
export function changeOf(fields: WebhookFields): WebhookChange {
  const url = fields.url.value.trim()
  return { ...shared(fields), q: fields.q.value.trim(), ...(url !== '' && { url }) }
}

function shared({ format, events, key, cooldown, wait, interval }: WebhookFields) {
  const secret = key.value.trim()
  const times = { cooldown: cooldown.value.trim() }
  const group = { wait: wait.value.trim(), interval: interval.value.trim() }
  return {
    format: format.value,
    events: EVENTS.map(([name]) => name).filter((name) => events.value.has(name)),
    ...given(times),
    ...(Object.keys(given(group)).length > 0 && { group: given(group) }),
    ...(format.value === 'pagerduty' && secret !== '' && { secret }),
  }
}

/** Without those that are left empty. */
function given<Name extends string>(values: Record<Name, string>): Partial<Record<Name, string>> {
  const filled = Object.entries(values).filter(([, value]) => value !== '')
  return Object.fromEntries(filled) as Partial<Record<Name, string>>
}
