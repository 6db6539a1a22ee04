import { createMutex } from '../async/mutex.js'
import { startRounds } from '../async/rounds.js'
import type { Claimed, Claims } from './claims.js'
import type { Clock } from './clock.js'
import { FORMATS } from './formats/index.js'
import type { Result } from './results.js'
import type { StoredWebhook } from './webhook-rows.js'

export interface SenderOptions {
  /** The enabled webhooks. */
  webhooks: () => readonly StoredWebhook[]
  claims: Claims
  /** Sends a message and stores the result. */
  send: (delivery: Claimed, webhook: StoredWebhook, signal: AbortSignal) => Promise<Result>
  /** Closes the windows that are due. */
  closeWindows: () => Promise<void>
  clock: Clock
  onFault: (message: string, error: unknown) => void
  /** Milliseconds between two looks for messages that are due. */
  every?: number
}

export interface Sender {
  /** Call this when there is something to send. */
  poke(): void
  /** Sends what is due and waits for the results. For tests. */
  round(): Promise<void>
  /** Starts, first with what the previous process of this name was sending. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** The most messages in flight, over all webhooks. */
const MOST = 32

/** Sends due messages, a few of each webhook at a time, so that no webhook holds up another. */
export function createSender(options: SenderOptions): Sender {
  const { webhooks, claims, send, closeWindows, clock, onFault, every = 1000 } = options
  const underWay = new Map<string, number>()
  const waitUntil = new Map<string, number>()
  /** By the messages that are sent. */
  const attempts = new Map<string, Promise<void>>()
  const closing = new AbortController()
  // What is free is counted before messages are claimed.
  const locked = createMutex()
  let rounds: ReturnType<typeof startRounds> | undefined
  let again = false
  /** A claim may have been stored although its answer was lost. */
  let isUnsure = false
  return { poke, round, start, stop }

  async function start(): Promise<void> {
    await claims.release()
    rounds = startRounds(beginDue, {
      every,
      onFault: failed('looking for messages to send'),
    })
    poke()
  }

  async function stop(): Promise<void> {
    closing.abort(new Error('the server is stopping'))
    await rounds?.stop()
    await Promise.all(attempts.values())
    await claims.release().catch((error) => onFault('letting go of messages', error))
  }

  function poke(): void {
    again = true
    if (!closing.signal.aborted) void rounds?.now().then(() => again && poke())
  }

  async function round(): Promise<void> {
    await beginDue()
    await Promise.all(attempts.values())
  }

  function beginDue(): Promise<void> {
    return locked('due', beginSome)
  }

  async function beginSome(): Promise<void> {
    again = false
    if (closing.signal.aborted || webhooks().length === 0) return
    if (isUnsure) {
      await claims.release([...attempts.keys()])
      isUnsure = false
    }
    await closeWindows()
    const due = await claims.due()
    for (const webhook of webhooks()) {
      const free = due.has(webhook.webhookId) ? freeSlots(webhook) : 0
      if (free === 0) continue
      for (const delivery of await claims.claim(webhook.webhookId, free)) begin(delivery, webhook)
    }
  }

  function freeSlots({ webhookId, format }: StoredWebhook): number {
    if ((waitUntil.get(webhookId) ?? 0) > clock.now()) return 0
    const own = FORMATS[format].atOnce - (underWay.get(webhookId) ?? 0)
    return Math.max(0, Math.min(own, MOST - attempts.size))
  }

  function begin(delivery: Claimed, webhook: StoredWebhook): void {
    const { webhookId, format } = webhook
    count(webhookId, 1)
    pause(webhookId, FORMATS[format].every)
    const attempt = send(delivery, webhook, closing.signal)
      .then(({ verdict }) => {
        if (verdict.is === 'again' && verdict.slowDown) pause(webhookId, verdict.pause)
      })
      .catch(failed(`the message ${delivery.delivery_id}`))
      .finally(() => {
        count(webhookId, -1)
        attempts.delete(delivery.delivery_id)
        poke()
      })
    attempts.set(delivery.delivery_id, attempt)
  }

  function failed(what: string) {
    return (error: unknown) => {
      isUnsure = true
      onFault(what, error)
    }
  }

  function count(webhookId: string, more: number): void {
    underWay.set(webhookId, (underWay.get(webhookId) ?? 0) + more)
  }

  function pause(webhookId: string, ms: number): void {
    if (ms > 0) waitUntil.set(webhookId, Math.max(waitUntil.get(webhookId) ?? 0, clock.now() + ms))
  }
}
