import { shorten } from '@launchtail/client/protocol'
import type { Claimed } from './claims.js'
import type { Clock } from './clock.js'
import type { Format } from './formats/format.js'
import { FORMATS } from './formats/index.js'
import type { StoredMessage } from './message.js'
import { redactDeep } from './redact-deep.js'
import type { Result } from './results.js'
import { signatureHeaders } from './sign.js'
import type { Poster } from './target/post.js'
import { type Answer, verdictOn } from './verdict.js'
import type { StoredWebhook } from './webhook-rows.js'

export interface AttemptOptions {
  post: Poster
  clock: Clock
  /** Masks the secrets of a node's launches in a text. */
  redact: (nodeId: string, text: string) => string
  random: () => number
}

const MOST_ERROR = 300
const AGENT = 'Launchtail'

/** Sends a message once and returns the result. It never throws because of the receiver. */
export function createAttempt({ post, clock, redact, random }: AttemptOptions) {
  return async (
    delivery: Claimed,
    webhook: StoredWebhook,
    signal?: AbortSignal,
  ): Promise<Result> => {
    const hide = (text: string) => withoutSecrets(redact(delivery.node_id ?? '', text), webhook)
    const now = clock.now()
    const { body, headers } = written(delivery, webhook, { now, hide })
    const begun = performance.now()
    const answer = await post({ url: webhook.url, body, headers }, signal)
    const took_ms = Math.round(performance.now() - begun)
    const verdict = verdictOn(answer, { attempts: delivery.attempts, now, random })
    const said = 'status' in answer ? { status: answer.status } : {}
    const error =
      verdict.is === 'delivered' ? {} : { error: hide(shorten(verdict.reason, MOST_ERROR)) }
    return {
      verdict,
      attempt: { at: new Date(now).toISOString(), took_ms, ...said, ...error },
      answer: answerOf(answer, hide),
    }
  }
}

interface WriteOptions {
  readonly now: number
  readonly hide: (text: string) => string
}

function written(delivery: Claimed, webhook: StoredWebhook, { now, hide }: WriteOptions) {
  const format = FORMATS[webhook.format]
  const id = delivery.delivery_id
  const body = bodyOf(delivery, format, {
    hide,
    secrets: webhook.secrets.map(({ value }) => value),
  })
  const headers = { 'Content-Type': format.contentType, 'User-Agent': AGENT }
  if (!format.isSigned) return { body, headers }
  const signed = { id, timestamp: Math.floor(now / 1000), body }
  const secrets = webhook.secrets.filter(({ until }) => until === undefined || until > now)
  const values = secrets.map(({ value }) => value)
  return { body, headers: { ...headers, ...signatureHeaders(signed, values) } }
}

interface BodyOptions {
  readonly hide: (text: string) => string
  readonly secrets: readonly string[]
}

/** The message was redacted before it was stored. The rendered body is redacted again. */
function bodyOf(
  { delivery_id: deliveryId, message }: Claimed,
  { render, givenSecret }: Format,
  { hide, secrets: [secret = ''] }: BodyOptions,
): string {
  const rendered = redactDeep(render(JSON.parse(message) as StoredMessage, { deliveryId }), hide)
  if (typeof rendered === 'string') return rendered
  return JSON.stringify(givenSecret ? givenSecret.add(rendered, secret) : rendered)
}

function answerOf(answer: Answer, hide: (text: string) => string): string | undefined {
  return 'status' in answer && answer.text !== '' ? hide(answer.text) : undefined
}

/** A receiver may echo what it was called with. */
function withoutSecrets(text: string, { secrets, url }: StoredWebhook): string {
  const values = [...secrets.map(({ value }) => value), url]
  return values.reduce((rest, value) => rest.replaceAll(value, '***'), text)
}
