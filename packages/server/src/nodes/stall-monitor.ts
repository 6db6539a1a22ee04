import { startRounds } from '../async/rounds.js'
import type { Appender } from '../logs/appender.js'
import type { LogStore } from '../logs/store.js'
import type { Registry } from './registry.js'
import { limitOf, stallNotice } from './stall.js'

export interface StallMonitorOptions {
  registry: Pick<Registry, 'launching'>
  store: Pick<LogStore, 'length' | 'offset'>
  appender: Appender
  onFault: (message: string, error: unknown) => void
  /** A monotonic clock, in milliseconds. */
  clock?: () => number
  /** Milliseconds between two rounds. */
  every?: number
}

export interface StallMonitor {
  /** Checks every launch that is under way. */
  check(): Promise<void>
  stop(): Promise<void>
}

/** The name of the offset that holds the length of the list once a notice is appended. */
const NOTICED = 'stall'

/**
 * Appends one notice to a launch's log when the launch has been silent for far longer than usual.
 * Silence is counted from the start of this monitor at the earliest: what was printed while the
 * server was down is not known.
 */
export function startStallMonitor({
  registry,
  store,
  appender,
  onFault,
  clock = () => performance.now(),
  every = 5000,
}: StallMonitorOptions): StallMonitor {
  let heard = new Map<string, { entries: number; at: number }>()
  const { now: check, stop } = startRounds(checkOnce, {
    every,
    onFault: (error) => onFault('looking for launches that stall', error),
  })
  return { check, stop }

  async function checkOnce(): Promise<void> {
    const now = clock()
    const before = heard
    heard = new Map()
    for (const launch of await registry.launching()) {
      const { nodeId, phase, entries, stalled, past } = launch
      const known = before.get(nodeId)
      const last = known?.entries === entries ? known : { entries, at: now }
      heard.set(nodeId, last)
      if (stalled) continue
      const limit = limitOf(phase, past)
      const silence = now - last.at
      if (!limit || silence <= limit.silence) continue
      try {
        await notify(nodeId, entries, { phase, message: stallNotice(phase, silence, limit) })
      } catch (error) {
        onFault(`the notice that ${nodeId} stalls`, error)
      }
    }
  }

  async function notify(
    nodeId: string,
    entries: number,
    { phase, message }: { phase: string; message: string },
  ): Promise<void> {
    const [length, noticed] = await Promise.all([
      store.length(nodeId),
      store.offset(nodeId, NOTICED),
    ])
    // The notice was appended already, or there are new entries, or the list has expired.
    if (noticed === entries + 1 || length !== entries) return
    if ((await appender.state(nodeId)).phase !== phase) return
    // The offset lets only one of several servers on the same storage append it.
    const offset = { name: NOTICED, from: noticed, to: entries + 1 }
    await appender.append(nodeId, [{ level: 'warn', message }], { offset })
  }
}
