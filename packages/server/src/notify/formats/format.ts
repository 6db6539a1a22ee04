import type { Message } from '../message.js'

/** How messages are written for one kind of receiver. */
export interface Format {
  readonly contentType: string
  /** JSON, or a text that is sent as it is. */
  render(message: Message, sender: Sender): object | string
  /** The messages of a webhook that are under way at once, and the milliseconds between two. */
  readonly atOnce: number
  readonly every: number
  /** The address is a secret by itself. */
  readonly hidesAddress: boolean
  /** The message is signed as Standard Webhooks says. */
  readonly isSigned: boolean
  /** Undefined unless the receiver gives the webhook a secret that stands in each message. */
  readonly givenSecret: GivenSecret | undefined
}

export interface GivenSecret {
  /** Says that it is missing. */
  readonly missing: string
  /** Adds it to the body once that has been redacted. */
  add(body: object, secret: string): object
}

export interface Sender {
  /** The id of the delivery. */
  readonly deliveryId: string
}
