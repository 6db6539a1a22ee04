import { createHmac, randomBytes } from 'node:crypto'

/** What Standard Webhooks signs. Any of its libraries verifies our messages. */
export interface Signed {
  readonly id: string
  /** The time of this attempt, in seconds since 1970. */
  readonly timestamp: number
  readonly body: string
}

const PREFIX = 'whsec_'
const FEWEST_BYTES = 24
const MOST_BYTES = 64

export function newSecret(): string {
  return PREFIX + randomBytes(32).toString('base64')
}

/** True for `whsec_` and 24 to 64 bytes in base64. */
export function isSecret(text: string): boolean {
  if (!/^whsec_[A-Za-z0-9+/]+={0,2}$/.test(text)) return false
  const { length } = keyOf(text)
  return length >= FEWEST_BYTES && length <= MOST_BYTES
}

/** The headers of an attempt, with one signature per secret. During a rotation there are two. */
export function signatureHeaders(signed: Signed, secrets: readonly string[]) {
  return {
    'webhook-id': signed.id,
    'webhook-timestamp': String(signed.timestamp),
    'webhook-signature': secrets.map((secret) => signatureOf(signed, secret)).join(' '),
  }
}

function signatureOf({ id, timestamp, body }: Signed, secret: string): string {
  const signature = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`)
  return `v1,${signature.digest('base64')}`
}

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.slice(PREFIX.length), 'base64')
}
