import type { NodeLaunch, WebhookEvent } from '@launchtail/client/protocol'
import { createMutex } from '../async/mutex.js'
import { type Rounds, startRounds } from '../async/rounds.js'
import type { Database } from '../database/open.js'
import type { SlowEntries } from '../find/slow-entries.js'
import type { ReadText } from '../logs/entry-text.js'
import type { LogStore } from '../logs/store.js'
import type { LaunchReader } from '../nodes/launch-events/launch-reader.js'
import type { Registry } from '../nodes/registry.js'
import { createAttempt } from './attempt.js'
import { createClaims } from './claims.js'
import { createClock } from './clock.js'
import { createDelivering } from './delivering.js'
import { createDeliveryRows } from './delivery-rows.js'
import { startMonitor } from './monitor.js'
import { createOutbox } from './outbox.js'
import { createPrepare } from './prepare.js'
import { createPrune } from './prune.js'
import { createWebhookReader } from './reader.js'
import { createResults } from './results.js'
import { createRollUp } from './roll-up.js'
import { createRule, type Rule } from './rules.js'
import { createSender, type Sender } from './sender.js'
import { createStorms } from './storms.js'
import type { AddressRules } from './target/address-rules.js'
import { createPoster } from './target/post.js'
import { createTargetRefusal } from './target/refuse-target.js'
import { type Lookup, systemLookup } from './target/resolve-target.js'
import type { Verdict } from './verdict.js'
import { createWebhookRows, type StoredWebhook } from './webhook-rows.js'
import { createWebhooks, type Webhooks } from './webhooks.js'
import { createWindows } from './windows.js'

/** Sends messages about launches to webhooks. */
export interface Notify {
  /** Fills the outbox. It belongs to the registry's readers. */
  readonly reader: LaunchReader
  readonly webhooks: Webhooks
  readonly sender: Pick<Sender, 'round' | 'poke'>
  /** Starts sending. */
  start(): Promise<void>
  /** Another server may have changed the webhooks. */
  reload(): Promise<void>
  /** Starts looking for what no single entry shows. */
  watch(registry: Pick<Registry, 'launching' | 'get'>): Rounds
  stop(): Promise<void>
}

export interface NotifyOptions {
  database: Database
  store: Pick<LogStore, 'read' | 'readBefore'>
  readText: ReadText
  /** The key that encrypts addresses and secrets in the database. */
  key: Buffer
  /** This process's id. */
  owner: string
  addresses: AddressRules
  publicUrl: string | undefined
  /** Masks secrets in a text, including those of the node's launches if a node is given. */
  redact: (nodeId: string, text: string) => string
  /** Masks the beginning of a secret at the end of a text that was cut. */
  redactCut: (nodeId: string, text: string) => string
  /** The request of the launch by this server that was under way at a time, without its secrets. */
  askedAt: (nodeId: string, time: string) => Promise<NodeLaunch | undefined>
  onFault: (message: string, error: unknown) => void
  /** Called with the outcome of each delivery attempt. */
  onAttempt?: (outcome: Verdict['is']) => void
  slowEntries: SlowEntries
  lookup?: Lookup
  ca?: string
  /** For tests: the clock, the jitter, and times in milliseconds. */
  now?: () => number
  random?: () => number
  timeout?: number
  every?: number
}

const PRUNE_EVERY = 10 * 60_000
const SWITCHED_OFF = 'webhook.disabled' satisfies WebhookEvent

export function createNotify(options: NotifyOptions): Notify {
  const { database, key, owner, addresses, redact, redactCut, onFault, slowEntries } = options
  const { lookup = systemLookup, random = Math.random, onAttempt = () => {} } = options
  const clock = createClock(database, options.now)
  const rows = createWebhookRows(database, key)
  const deliveries = createDeliveryRows(database, clock)
  const outbox = createOutbox(clock)
  const windows = createWindows(database, clock)
  const claims = createClaims({ database, clock, owner })
  const post = createPoster({ ...options, rules: addresses, lookup })
  const delivering = createDelivering({
    ...{ database, clock, claims, outbox, deliveries, onAttempt, onSwitchedOff, onFault },
    results: createResults(database, clock),
    prepare: createPrepare(options),
    attempt: createAttempt({ post, clock, redact, redactCut, random }),
  })
  let known: readonly StoredWebhook[] = []
  let rules: readonly Rule[] = []
  const sender = createSender({
    ...{ webhooks: () => known, claims, send: delivering.send, clock, onFault },
    closeWindows: createRollUp({ database, windows, outbox }),
    ...(options.every !== undefined && { every: options.every }),
  })
  const reader = createWebhookReader({
    ...{ rules: () => rules, outbox, windows, slowEntries, onTold: sender.poke },
    storms: createStorms(clock),
  })
  const webhooks = createWebhooks({
    ...{ rows, deliveries, clock, onChanged: reload, onDue: sender.poke },
    sendSample: delivering.sendSample,
    refuseTarget: createTargetRefusal(addresses, lookup),
    redact: (text) => redact('', text),
  })
  const locked = createMutex()
  const rounds: Rounds[] = []
  return { reader, webhooks, sender, start, reload, watch, stop }

  async function start(): Promise<void> {
    await reload()
    await sender.start()
    const prune = startRounds(createPrune(database, clock), {
      every: PRUNE_EVERY,
      onFault: (error) => onFault('removing old messages', error),
    })
    rounds.push(prune)
  }

  function watch(registry: Pick<Registry, 'launching' | 'get'>): Rounds {
    const monitor = startMonitor({
      ...{ database, registry, rules: () => rules, outbox, clock, onTold: sender.poke, onFault },
      ...(options.every !== undefined && { every: options.every }),
    })
    rounds.push(monitor)
    return monitor
  }

  async function stop(): Promise<void> {
    await Promise.all(rounds.map((one) => one.stop()))
    await sender.stop()
  }

  /** Serialized: otherwise an older state could overwrite a newer one. */
  function reload(): Promise<void> {
    return locked('rules', async () => {
      known = (await rows.list()).filter(({ isEnabled }) => isEnabled)
      rules = (await Promise.all(known.map(ruleOf))).flatMap((rule) => rule ?? [])
    })
  }

  /** A stored query that no longer parses must not prevent the server from starting. */
  async function ruleOf(webhook: StoredWebhook): Promise<Rule | undefined> {
    return createRule(webhook).catch((error) => {
      onFault(`the query of the webhook ${webhook.webhookId}`, error)
      return undefined
    })
  }

  async function onSwitchedOff(
    { webhookId, shownUrl }: StoredWebhook,
    reason: string,
  ): Promise<void> {
    onFault(`the webhook ${webhookId} to ${shownUrl} was switched off`, new Error(reason))
    await reload()
    const message = {
      type: SWITCHED_OFF,
      timestamp: new Date(clock.now()).toISOString(),
      data: { webhook: { webhook_id: webhookId, url: shownUrl, reason } },
    }
    await database.transaction().execute(async (transaction) => {
      for (const rule of rules) {
        if (!rule.wants(SWITCHED_OFF)) continue
        await outbox.add(transaction, { webhookId: rule.webhookId, message })
      }
    })
    sender.poke()
  }
}
