import type { Schema } from '../wire/encode.js'

/** Entries or launches in one request. */
export const BATCH = 512

/** Sends a message with so many entries or launches. Ends when the receiver has taken or refused it. */
export type Send = (message: object, schema: Schema, count: number) => Promise<void>
