import { type Rounds, startRounds } from '../async/rounds.js'
import type { Database } from '../database/open.js'
import type { Registry } from '../nodes/registry.js'
import type { Clock } from './clock.js'
import { failureRate, WINDOW } from './failure-rate.js'
import type { Outbox } from './outbox.js'
import type { Rule } from './rules.js'
import { slowMessage } from './slow.js'

export interface MonitorOptions {
  database: Database
  registry: Pick<Registry, 'launching' | 'get'>
  rules: () => readonly Rule[]
  outbox: Outbox
  clock: Clock
  onTold: () => void
  onFault: (message: string, error: unknown) => void
  /** Milliseconds between two rounds. */
  every?: number
}

/** Finds what no single entry shows: slow launches, and a high failure rate. */
export function startMonitor(options: MonitorOptions): Rounds {
  const { database, registry, rules, outbox, clock, onTold, onFault, every = 30_000 } = options
  return startRounds(look, {
    every,
    onFault: (error) => onFault('looking for launches that are slow or fail', error),
  })

  async function look(): Promise<void> {
    const wanting = (event: Parameters<Rule['wants']>[0]) => rules().filter((r) => r.wants(event))
    const slow = wanting('launch.slow')
    if (slow.length > 0) await tellSlow(slow)
    const rate = wanting('fleet.failure_rate')
    if (rate.length > 0) await tellRate(rate)
  }

  async function tellSlow(asking: readonly Rule[]): Promise<void> {
    for (const { nodeId, phase, past, stalled } of await registry.launching()) {
      if (stalled) continue
      const record = await registry.get(nodeId)
      const message = record && slowMessage(record, { phase, past, now: clock.now() })
      if (!message) continue
      const takers = asking.filter((rule) => rule.takes(record))
      const startedAt = record.phases[0]?.started_at ?? ''
      const told = await database.transaction().execute(async (transaction) => {
        if (!(await outbox.isNew(transaction, [nodeId, 'slow', startedAt, phase]))) return false
        const seq = await outbox.nextSeq(transaction, nodeId)
        const numbered = { ...message, data: { seq, ...message.data } }
        for (const { webhookId } of takers) {
          await outbox.add(transaction, { webhookId, message: numbered, nodeId, startedAt, seq })
        }
        return takers.length > 0
      })
      if (told) onTold()
    }
  }

  async function tellRate(takers: readonly Rule[]): Promise<void> {
    const message = await failureRate(database, clock.now())
    if (!message) return
    const told = await database.transaction().execute(async (transaction) => {
      // At most once an hour, however many launches fail.
      const hour = String(Math.floor(clock.now() / WINDOW))
      if (!(await outbox.isNew(transaction, ['fleet.failure_rate', hour]))) return false
      for (const { webhookId } of takers) await outbox.add(transaction, { webhookId, message })
      return true
    })
    if (told) onTold()
  }
}
