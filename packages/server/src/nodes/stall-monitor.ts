import type { Appender } from '../logs/appender.js'
import type { LogStore } from '../logs/store.js'
import type { Registry } from './registry.js'
import { limitOf, stallNotice } from './stall.js'

export interface StallMonitorOptions {
  registry: Pick<Registry, 'launching'>
  store: Pick<LogStore, 'length' | 'offset'>
  appender: Appender
  onFault: (message: string, error: unknown) => void
  /** Milliseconds of a clock that nobody sets. */
  clock?: () => number
  /** Milliseconds between two looks at the launches. */
  every?: number
}

export interface StallMonitor {
  /** Looks at every launch that is under way. */
  look(): Promise<void>
  stop(): Promise<void>
}

/** The store's offset of how much of a list was there when its silence was told of. */
const TOLD = 'stall'

/**
 * Says in a launch's log, once, that nothing has come for far longer than usual. What it knows of
 * silence begins with itself: while the server was away it cannot tell who would have been heard.
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
  let looking: Promise<void> | undefined
  const timer = setInterval(() => void look(), every)
  timer.unref()
  return { look, stop }

  function look(): Promise<void> {
    looking ??= lookOnce()
      .catch((error) => onFault('looking for launches that stall', error))
      .finally(() => {
        looking = undefined
      })
    return looking
  }

  async function stop(): Promise<void> {
    clearInterval(timer)
    await looking
  }

  async function lookOnce(): Promise<void> {
    const now = clock()
    const before = heard
    heard = new Map()
    for (const launch of await registry.launching()) {
      const { nodeId, phase, entries, stalled, past } = launch
      const known = before.get(nodeId)
      const last = known?.entries === entries ? known : { entries, at: now }
      heard.set(nodeId, last)
      // A record without entries is of a node of which nothing was sent in yet.
      if (stalled || entries === 0) continue
      const limit = limitOf(phase, past)
      const silence = now - last.at
      if (!limit || silence <= limit.silence) continue
      try {
        await tell(nodeId, entries, { phase, message: stallNotice(phase, silence, limit) })
      } catch (error) {
        onFault(`telling that ${nodeId} stalls`, error)
      }
    }
  }

  async function tell(
    nodeId: string,
    entries: number,
    { phase, message }: { phase: string; message: string },
  ): Promise<void> {
    const [length, told] = await Promise.all([store.length(nodeId), store.offset(nodeId, TOLD)])
    // Of this very silence somebody has told, or there is something new, or the list has expired.
    if (told === entries || length !== entries) return
    if ((await appender.state(nodeId)).phase !== phase) return
    // Another server in front of the same storage may be about to say it too.
    const offset = { name: TOLD, from: told, to: entries }
    await appender.append(nodeId, [{ level: 'warn', message }], { offset })
  }
}
