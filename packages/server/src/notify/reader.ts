import type { NodeRecord, WebhookEvent } from '@launchtail/client/protocol'
import type { Transaction } from 'kysely'
import type { Schema } from '../database/schema.js'
import type { SlowEntries } from '../find/slow-entries.js'
import type { LaunchEvent } from '../nodes/launch-events/launch-event.js'
import type { LaunchNews, LaunchReader } from '../nodes/launch-events/launch-reader.js'
import { createEntryMatches, type EntryAt, type MatchedEntries } from './entry-matches.js'
import { launchOf, messageOf } from './event-message.js'
import type { StoredMessage } from './message.js'
import type { Outbox } from './outbox.js'
import type { Rule } from './rules.js'
import { shortEntry } from './short-entry.js'
import type { Storms } from './storms.js'
import type { Windows } from './windows.js'

export interface WebhookReaderOptions {
  /** The current rules. */
  rules: () => readonly Rule[]
  outbox: Outbox
  storms: Storms
  windows: Windows
  slowEntries: SlowEntries
  /** Called once messages are in the outbox. */
  onTold: () => void
}

/** The most windows that a node can have open. Further entries share one. */
const MOST_WINDOWS = 50
const OTHERS = '*'

/** Writes messages about launches into the outbox, in the transaction that stores their records. */
export function createWebhookReader(options: WebhookReaderOptions): LaunchReader {
  const { rules, outbox, storms, windows, slowEntries, onTold } = options
  return (node) => {
    const asked = rules()
    const matches = createEntryMatches(asked, node, slowEntries)
    let told = 0
    return {
      entry: matches.entry,
      prepare: matches.settled,
      async store(transaction, news) {
        if (asked.length === 0) return
        for (const event of news.events) await tellEvent(transaction, event, news)
        for (const found of matches.found()) await tellEntries(transaction, found, news)
      },
      stored() {
        if (told > 0) onTold()
      },
    }

    async function tellEvent(
      transaction: Transaction<Schema>,
      event: LaunchEvent,
      { nodeId, record }: LaunchNews,
    ): Promise<void> {
      const { type, message, cause } = messageOf(event, record())
      const takers = asked.filter((rule) => rule.wants(type) && rule.takes(record()))
      if (takers.length === 0) return
      const { kind, started_at: startedAt, at } = event
      const to = event.kind === 'phase' ? event.to : ''
      if (!(await outbox.isNew(transaction, [nodeId, kind, startedAt, at, to]))) return
      const seq = await outbox.nextSeq(transaction, nodeId)
      const numbered = { ...message, data: { seq, ...message.data } }
      for (const { webhookId, group } of takers) {
        told += 1
        const delivery = { webhookId, message: numbered, nodeId, startedAt, seq }
        if (cause === undefined) {
          await outbox.add(transaction, delivery)
        } else if (!(await storms.joined(transaction, webhookId, cause, numbered))) {
          const wait = await storms.wait(transaction, { webhookId, cause, group })
          await outbox.add(transaction, { ...delivery, wait, gathers: cause })
        }
      }
    }

    async function tellEntries(
      transaction: Transaction<Schema>,
      { rule, fingerprint, count, first, last }: MatchedEntries,
      { nodeId, record }: LaunchNews,
    ): Promise<void> {
      const { webhookId, cooldown } = rule
      const prefix = `${nodeId}\n`
      const isCrowded = (await windows.open(transaction, webhookId, prefix)) >= MOST_WINDOWS
      const key = `${prefix}${first.startedAt}\n${isCrowded ? OTHERS : fingerprint}`
      const alike = {
        count,
        firstAt: first.entry.timestamp,
        lastAt: last.entry.timestamp,
        message: entryMessage(last, record()),
      }
      if (!(await windows.take(transaction, { webhookId, key }, alike, cooldown))) return
      if (await outbox.isFull(transaction, webhookId)) return
      const seq = await outbox.nextSeq(transaction, nodeId)
      const { data, ...message } = entryMessage(first, record())
      const numbered = { ...message, data: { seq, suppressed_count: 0, ...data } }
      const { startedAt } = first
      await outbox.add(transaction, { webhookId, message: numbered, nodeId, startedAt, seq })
      told += 1
    }
  }
}

const MATCHED = 'entry.matched' satisfies WebhookEvent

function entryMessage({ entry, index }: EntryAt, record: NodeRecord): StoredMessage {
  return {
    type: MATCHED,
    timestamp: entry.timestamp,
    index,
    data: {
      node_id: record.node_id,
      entry: { ...shortEntry(entry), index },
      launch: launchOf(record),
    },
  }
}
