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
  /** Masks the beginning of a secret at the end of such a text, which goes on elsewhere. */
  redactCut: (nodeId: string, text: string) => string
  random: () => number
}

const MOST_ERROR = 300
const AGENT = 'Launchtail'

/** Sends a message once and returns the result. It never throws because of the receiver. */
export function createAttempt({ post, clock, redact, redactCut, random }: AttemptOptions) {
  return async (
    delivery: Claimed,
    webhook: StoredWebhook,
    signal?: AbortSignal,
  ): Promise<Result> => {
    const nodeId = delivery.node_id ?? ''
    const hide = (text: string) => withoutSecrets(redact(nodeId, text), webhook)
    const hideCut = (text: string) => redactCut(nodeId, withoutBeginning(hide(text), webhook))
    const now = clock.now()
    const { body, headers } = written(delivery, webhook, { now, hide })
    const begun = performance.now()
    const answer = await post({ url: webhook.url, body, headers }, signal)
    const took_ms = Math.round(performance.now() - begun)
    const given = verdictOn(answer, { attempts: delivery.attempts, now, random })
    const verdict = 'reason' in given ? { ...given, reason: hide(given.reason) } : given
    const said = 'status' in answer ? { status: answer.status } : {}
    const error = 'reason' in verdict ? { error: shorten(verdict.reason, MOST_ERROR) } : {}
    return {
      verdict,
      attempt: { at: new Date(now).toISOString(), took_ms, ...said, ...error },
      answer: answerOf(answer, { hide, hideCut }),
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

interface AnswerOptions {
  readonly hide: (text: string) => string
  readonly hideCut: (text: string) => string
}

function answerOf(answer: Answer, { hide, hideCut }: AnswerOptions): string | undefined {
  if (!('status' in answer) || answer.text === '') return undefined
  return answer.isCut ? hideCut(answer.text) : hide(answer.text)
}

/** A receiver may echo what it was called with. */
function withoutSecrets(text: string, webhook: StoredWebhook): string {
  return valuesOf(webhook).reduce((rest, value) => rest.replaceAll(value, '***'), text)
}

/** The same for the beginning of one of them at the end of a text that was cut. */
function withoutBeginning(text: string, webhook: StoredWebhook): string {
  for (const value of valuesOf(webhook)) {
    for (let length = value.length - 1; length >= FEWEST; length -= 1) {
      if (text.endsWith(value.slice(0, length))) return `${text.slice(0, -length)}***`
    }
  }
  return text
}

/** A shorter beginning tells nothing. */
const FEWEST = 8

function valuesOf({ secrets, url }: StoredWebhook): string[] {
  return [...secrets.map(({ value }) => value), url].filter((value) => value !== '')
}
