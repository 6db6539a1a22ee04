import type { Message } from '../message.js'

/** How messages are written for one kind of receiver. */
export interface Format {
  readonly contentType: string
  /** Returns JSON, or text that is sent unchanged. */
  render(message: Message, sender: Sender): object | string
  /** How many messages to one webhook can be in flight, and the milliseconds between two. */
  readonly atOnce: number
  readonly every: number
  /** True if anybody who knows the address can send. */
  readonly hidesAddress: boolean
  /** True if messages are signed according to Standard Webhooks. */
  readonly isSigned: boolean
  /** Set if each message must contain a secret that the receiver has issued. */
  readonly givenSecret: GivenSecret | undefined
}

export interface GivenSecret {
  /** The error if it is missing. */
  readonly missing: string
  /** Adds it to the body, after that has been redacted. */
  add(body: object, secret: string): object
}

export interface Sender {
  /** The id of the delivery. */
  readonly deliveryId: string
}
