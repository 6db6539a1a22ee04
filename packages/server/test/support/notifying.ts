import type { LogEntry, NewWebhook } from '@launchtail/client/protocol'
import { onTestFinished } from 'vitest'
import { createSlowEntries } from '../../src/find/slow-entries.js'
import { readEntry, writeEntry } from '../../src/logs/entry-text.js'
import { sqliteLogStore } from '../../src/logs/sqlite/store.js'
import { createRegistry } from '../../src/nodes/registry.js'
import { createNotify, type Notify, type NotifyOptions } from '../../src/notify/notify.js'
import { allowedOf } from '../../src/notify/target/allowed.js'
import { createRedactor } from '../../src/output/redact/index.js'
import { temporaryFolder } from './processes.js'
import { openRecords } from './records.js'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

const START = Date.UTC(2026, 0, 1)

export type Line = Partial<LogEntry> & { message?: string }

/** Records and webhooks in one process, whose clock only the test moves. */
export async function startNotifying({
  folder,
  ...given
}: Partial<NotifyOptions> & { folder?: string } = {}) {
  const home = folder ?? (await temporaryFolder())
  const database = await openRecords(home)
  const store = await sqliteLogStore({ file: `${home}/logs.db`, retention: DAY })
  let now = START
  const faults: unknown[] = []
  const { redact, cutOff } = createRedactor()
  const options: NotifyOptions = {
    ...{ database, store, readText: readEntry, owner: 'sender' },
    key: Buffer.alloc(32, 7),
    addresses: { allowed: allowedOf(''), allowLoopback: true },
    publicUrl: 'https://launchtail.example.com',
    redact: (_nodeId, text) => redact(text),
    redactCut: (_nodeId, text) => cutOff(text),
    askedAt: async () => undefined,
    slowEntries: createSlowEntries(),
    onFault: (message, error) => faults.push(message, error),
    now: () => now,
    random: () => 0.5,
    // Rounds are made by the test.
    every: 3_600_000,
    ...given,
  }
  const notify = createNotify(options)
  await notify.start()
  const registry = createRegistry({ database, store, readers: [notify.reader] })
  const monitor = notify.watch(registry)
  let stopped = false
  onTestFinished(stop)
  return {
    ...{ database, store, registry, notify, monitor, faults },
    ...{ create, node, say, pass, skip, round, stop, another, now: () => now },
  }

  /** Another process on the same database. */
  async function another(owner: string): Promise<Notify> {
    const other = createNotify({ ...options, owner })
    await other.start()
    return other
  }

  async function create(webhook: Partial<NewWebhook> & { url: string }) {
    return notify.webhooks.create(webhook)
  }

  async function node(nodeId: string, about: object = {}): Promise<void> {
    await registry.create({ nodeId, about: { provider: 'aws', region: 'us-west-2', ...about } })
  }

  /** Appends entries, at the time of now, and stores the record. */
  async function say(nodeId: string, ...lines: Line[]): Promise<void> {
    const entries = lines.map((line) => ({
      timestamp: new Date(now).toISOString(),
      level: 'info' as const,
      message: 'a line',
      phase: 'provisioning' as const,
      ...line,
    }))
    await store.append(nodeId, entries.map(writeEntry))
    await registry.find(nodeId, await store.length(nodeId))
  }

  /** Lets time pass, and sends what is due then. */
  async function pass(ms: number): Promise<void> {
    // What is being sent has arrived before the time of its lease is over.
    await round()
    now += ms
    await round()
  }

  /** Lets time pass while nobody sends. */
  function skip(ms: number): void {
    now += ms
  }

  async function round(): Promise<void> {
    // What is sent may make something else due, as the next message about the same launch.
    let idle = 0
    for (let left = 500; left > 0 && idle < 50; left -= 1) {
      const before = await sent()
      await notify.sender.round()
      const after = await sent()
      if (after.due === 0) return
      // What is due may be held back: by an earlier message, or because its receiver asked for a pause.
      const isIdle = after.attempts === before.attempts && after.underWay === 0
      idle = isIdle ? idle + 1 : 0
    }
  }

  async function sent() {
    const rows = await database
      .selectFrom('deliveries')
      .select(['state', 'next_at', 'leased_until', 'attempts'])
      .execute()
    const waiting = rows.filter(({ state }) => state === 'waiting')
    return {
      attempts: rows.reduce((sum, row) => sum + row.attempts, 0),
      due: waiting.filter(({ next_at }) => next_at <= now).length,
      underWay: waiting.filter(({ leased_until }) => leased_until > now).length,
    }
  }

  async function stop(): Promise<void> {
    if (stopped) return
    stopped = true
    await notify.stop()
    await registry.flush()
    await store.close()
    await database.destroy()
  }
}
