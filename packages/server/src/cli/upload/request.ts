import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from '@launchtail/client'
import { type ChildSignal, childSignal } from '@launchtail/client/async'
import { type Backlog, endsLine } from './backlog.js'
import type { Condition } from './condition.js'

/** How often the server is asked what has arrived, in milliseconds, so that it need not be kept. */
export const CONFIRM_EVERY = 2000

export interface RequestOptions {
  client: Client
  nodeId: string
  /** Identifies this output among all that are sent to the node. */
  source: string
  backlog: Backlog
  changes: Condition
  /** True if the output has ended. */
  isOver: () => boolean
  /** Asks what has arrived, and drops it from the backlog. */
  confirm: () => Promise<void>
  /** Aborts when the upload is given up. */
  signal: AbortSignal
}

/** Sends the backlog and what is added to it in one request, which stays open until the output ends. */
export async function sendInOneRequest(options: RequestOptions): Promise<void> {
  const { client, nodeId, source, backlog } = options
  const request = childSignal(options.signal)
  const offset = backlog.offset()
  const body = { next: backlog.first(), at: offset, isLine: true, isEnded: false }
  const confirming = keepConfirming(body, request, options)
  try {
    const { signal } = request
    await client.sendOutput(nodeId, bytes(body, options), { source, offset, signal })
  } finally {
    request.abort()
    await confirming
  }
}

interface Body {
  /** The number of the next chunk to send. */
  next: number
  /** The offset of that chunk in the output. */
  at: number
  /** True if the last chunk that was sent ends a line. */
  isLine: boolean
  isEnded: boolean
}

async function* bytes(
  body: Body,
  { backlog, changes, isOver }: RequestOptions,
): AsyncGenerator<Buffer> {
  while (!body.isEnded) {
    const chunk = backlog.chunk(body.next)
    if (chunk) {
      body.next += 1
      body.at += chunk.length
      body.isLine = endsLine(chunk)
      yield chunk
    } else if (isOver()) return
    else await changes.wait()
  }
}

/** Asks again and again what has arrived. If that fails, the request fails too. */
async function keepConfirming(
  body: Body,
  request: ChildSignal,
  { backlog, changes, confirm }: RequestOptions,
): Promise<void> {
  try {
    for (;;) {
      const sent = body.at
      await pause(CONFIRM_EVERY, undefined, { signal: request.signal })
      await confirm()
      // A proxy holds the request back until it ends, so the output goes in several requests.
      if (backlog.offset() < sent && body.isLine) body.isEnded = true
      changes.notify()
    }
  } catch (error) {
    request.abort(error)
  }
}
