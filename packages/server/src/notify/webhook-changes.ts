import {
  type NewWebhook,
  parseDuration,
  USUAL_WEBHOOK_EVENTS,
  type WebhookChange,
} from '@launchtail/client/protocol'
import { HttpError } from '../errors.js'
import type { Clock } from './clock.js'
import { timeOf } from './delivery-rows.js'
import { FORMATS } from './formats/index.js'
import type { Group } from './rules.js'
import { isSecret, newSecret } from './sign.js'
import { newWebhookId, type Secret, type StoredWebhook } from './webhook-rows.js'

/** Creates and changes webhooks, without storing them. Throws HttpErrors. */
export interface Changes {
  create(webhook: NewWebhook): StoredWebhook
  change(before: StoredWebhook, change: WebhookChange): StoredWebhook
  /** Adds a new secret. For a while, the old one signs as well. */
  rotate(webhook: StoredWebhook): StoredWebhook
}

export interface ChangesOptions {
  clock: Clock
  redact: (text: string) => string
}

const COOLDOWN = 60_000
const GROUP: Group = { wait: 10_000, interval: 60_000 }
/** How long the old secret keeps signing. */
const ROTATION = 24 * 3_600_000

export function createChanges({ clock, redact }: ChangesOptions): Changes {
  return {
    create: ({ url, events, q = '', format = 'standard', cooldown = '', group, secret }) => ({
      webhookId: newWebhookId(),
      url,
      shownUrl: shownUrl(url, format),
      secrets: secretsOf(format, secret),
      events: events ?? USUAL_WEBHOOK_EVENTS,
      q: q.trim() === '' ? undefined : q,
      format,
      cooldown: parseDuration(cooldown) ?? COOLDOWN,
      group: groupOf(group, GROUP),
      isEnabled: true,
      disabledReason: undefined,
      failingSince: undefined,
      createdAt: timeOf(clock.now()),
    }),

    change(before, { events = before.events, cooldown = '', group, secret, ...given }) {
      const { url = before.url, format = before.format, q = before.q ?? '' } = given
      const { enabled: isOn = before.isEnabled } = given
      return {
        ...before,
        url,
        shownUrl: shownUrl(url, format),
        secrets: changedSecrets(before, format, secret),
        events,
        q: q.trim() === '' ? undefined : q,
        format,
        cooldown: parseDuration(cooldown) ?? before.cooldown,
        group: groupOf(group, before.group),
        isEnabled: isOn,
        disabledReason: isOn ? undefined : before.disabledReason,
        failingSince: isOn && !before.isEnabled ? undefined : before.failingSince,
      }
    },

    rotate(webhook) {
      const { format, secrets } = webhook
      if (!FORMATS[format].isSigned) {
        throw new HttpError(409, `messages in the format ${format} are not signed`)
      }
      const until = clock.now() + ROTATION
      const old = secrets.slice(0, 1).map(({ value }) => ({ value, until }))
      return { ...webhook, secrets: [...fresh(), ...old] }
    },
  }

  /** If the address itself is a secret, only its origin is shown. */
  function shownUrl(url: string, format: StoredWebhook['format']): string {
    const origin = URL.canParse(url) ? new URL(url).origin : ''
    return FORMATS[format].hidesAddress ? `${origin}/***` : redact(url)
  }
}

function groupOf({ wait = '', interval = '' }: NewWebhook['group'] = {}, usual: Group): Group {
  return {
    wait: parseDuration(wait) ?? usual.wait,
    interval: parseDuration(interval) ?? usual.interval,
  }
}

/** A format with a secret of another kind, or none, does not take over the secrets of the one before. */
function changedSecrets(
  { format: before, secrets }: StoredWebhook,
  format: StoredWebhook['format'],
  given: string | undefined,
): readonly Secret[] {
  const { givenSecret, isSigned } = FORMATS[format]
  if (given !== undefined && !givenSecret) {
    throw new HttpError(400, "'secret' cannot be changed in this format; rotate it instead")
  }
  const isOther = FORMATS[before].givenSecret !== givenSecret
  if (given !== undefined || isOther) return secretsOf(format, given)
  return isSigned && secrets.length === 0 ? fresh() : secrets
}

function fresh(): Secret[] {
  return [{ value: newSecret() }]
}

function secretsOf(format: StoredWebhook['format'], given: string | undefined): readonly Secret[] {
  const { givenSecret, isSigned } = FORMATS[format]
  if (givenSecret) {
    if (given === undefined || given.trim() === '') throw new HttpError(400, givenSecret.missing)
    return [{ value: given.trim() }]
  }
  if (given !== undefined && !isSecret(given)) {
    throw new HttpError(400, "'secret' must be whsec_ and 24 to 64 bytes in base64")
  }
  if (!isSigned) return []
  return given === undefined ? fresh() : [{ value: given }]
}
