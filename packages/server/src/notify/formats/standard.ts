import type { Message } from '../message.js'
import type { Format } from './format.js'

/** Standard Webhooks recommends bodies below this size, in bytes. */
const MOST_BYTES = 20_000

/** The message itself, in the shape of Standard Webhooks: `{type, timestamp, data}`. */
export const standard: Format = {
  contentType: 'application/json',
  atOnce: 4,
  every: 0,
  hidesAddress: false,
  isSigned: true,
  givenSecret: undefined,
  render: fitted,
}

/** Fields that are dropped from a message that is too long, the least important first. */
const LEAVE_OUT = ['lines', 'phases', 'launches', 'request'] as const

function fitted({ type, timestamp, data: all }: Message): object {
  let data = all
  for (const field of LEAVE_OUT) {
    if (Buffer.byteLength(JSON.stringify({ type, timestamp, data })) < MOST_BYTES) break
    const { [field]: _, ...rest } = data
    data = rest
  }
  return { type, timestamp, data }
}
