import { createPool } from '../../async/pool.js'
import { createTimerWheel } from '../../async/timer-wheel.js'
import type { Latencies } from '../../nodes/latencies.js'
import { createJudge, type JudgeOptions } from './judge.js'
import type { HealthTarget } from './targets.js'
import { type Watched, watch } from './watched.js'

export interface HealthMonitorOptions extends JudgeOptions {
  targets: () => Promise<readonly HealthTarget[]>
  latencies: Latencies
  onFault: (message: string, error: unknown) => void
  /** Milliseconds between two requests to a server. */
  every?: number
  random?: () => number
}

export interface HealthMonitor {
  stop(): Promise<void>
}

const EVERY = 30_000
/** How many servers are asked at a time. */
const AT_ONCE = 32
/** Milliseconds that a tick takes at most. */
const TICK = 1000

/** Milliseconds between what is done again and again. */
function paceOf(every: number) {
  return {
    every,
    tick: Math.max(10, Math.min(TICK, every / 10)),
    /** Until it is certain that a server does not answer. */
    retry: every / 6,
    /** For which servers there are. */
    look: every / 3,
  }
}

/**
 * Asks the servers of active nodes again and again whether they are healthy, and says in a node's log
 * when that changes. One timer drives them all, whatever their number.
 */
export function startHealthMonitor({
  targets,
  onFault,
  every = EVERY,
  random = Math.random,
  ...options
}: HealthMonitorOptions): HealthMonitor {
  const pace = paceOf(every)
  const inTicks = (ms: number) => ms / pace.tick
  const judge = createJudge(options)
  const wheel = createTimerWheel<string>()
  const inPool = createPool(AT_ONCE)
  const watched = new Map<string, Watched>()
  const working = new Set<Promise<void>>()
  let ticks = 0
  let looking: Promise<void> | undefined = look(true)
  const timer = setInterval(tick, pace.tick)
  timer.unref()
  return { stop }

  async function stop(): Promise<void> {
    clearInterval(timer)
    await looking
    for (const nodeId of watched.keys()) forget(nodeId)
    await Promise.all(working)
  }

  function tick(): void {
    ticks += 1
    if (ticks % Math.ceil(inTicks(pace.look)) === 0) looking ??= look(false)
    for (const nodeId of wheel.tick()) {
      const work = inPool(() => check(nodeId)).catch((error) => {
        onFault(`asking whether ${nodeId} is healthy`, error)
      })
      working.add(work)
      void work.finally(() => working.delete(work))
    }
  }

  async function look(isFirst: boolean): Promise<void> {
    try {
      const all = new Map((await targets()).map((target) => [target.nodeId, target]))
      for (const [nodeId, { endpoint }] of watched) {
        if (all.get(nodeId)?.endpoint !== endpoint) forget(nodeId)
      }
      for (const target of all.values()) {
        if (watched.has(target.nodeId)) continue
        watched.set(target.nodeId, watch(target))
        // Those of before a restart are not asked all at once.
        wheel.schedule(target.nodeId, isFirst ? inTicks(pace.every) * random() : 1)
      }
    } catch (error) {
      onFault('looking for nodes whose health is asked for', error)
    } finally {
      looking = undefined
    }
  }

  function forget(nodeId: string): void {
    watched.get(nodeId)?.work.abort()
    watched.delete(nodeId)
    wheel.cancel(nodeId)
    options.latencies.forget(nodeId)
  }

  async function check(nodeId: string): Promise<void> {
    const server = watched.get(nodeId)
    if (!server) return
    try {
      await judge(nodeId, server)
    } finally {
      const isUnsure = server.failures > 0 && !server.isTold
      if (!server.work.signal.aborted) {
        wheel.schedule(nodeId, inTicks(isUnsure ? pace.retry : pace.every))
      }
    }
  }
}
