import { setTimeout as sleep } from 'node:timers/promises'
import { parseDuration } from '@launchtail/client/protocol'
import { keptOutcome } from '../../../src/launch/kept-outcome.js'
import type { Launch, Launcher, LaunchNews, Outcome } from '../../../src/launch/launcher.js'
import { notReady } from '../../../src/launch/readiness/not-ready.js'
import { table } from '../priced.js'

/** How an attempt goes. */
export type Turn =
  /** There is no machine. */
  | 'capacity'
  /** The same, and what there is of the cluster has to be taken down. */
  | 'left'
  /** The GPU is broken: another attempt is worth it. */
  | 'fault'
  /** The engine refuses a flag: no other attempt is. */
  | 'flag'
  /** It could not be started at all. */
  | 'unstartable'
  /** It stands in a queue. */
  | 'queued'
  /** It never becomes ready. */
  | 'slow'
  /** It becomes active, and fails a moment later. */
  | 'dies'
  /** It becomes active, and stays so. */
  | 'active'

export const CODES: Partial<Record<Turn, string>> = {
  capacity: 'no_capacity',
  left: 'no_capacity',
  fault: 'gpu_fault',
  flag: 'bad_flag',
  dies: 'preempted',
}

/** Milliseconds. */
const PACE = 2

interface Begun {
  readonly turn: Turn
  /** When it began. */
  readonly at: number
  /** True once it has had a machine. */
  isUp?: boolean
  /** How it ended by itself, which whoever asks is told again. */
  outcome?: Outcome
}

/** A machine that there was, and what an hour of it cost. */
export interface Machine {
  readonly cluster: string
  readonly price: number
  readonly from: number
  to?: number
}

/** US dollars for an hour, by the provider. */
const PRICES: Readonly<Record<string, number>> = { aws: 2, gcp: 3.5 }
const HOUR = 3_600_000

export interface WorldOptions {
  turns: readonly Turn[]
  /** How many attempts there may be. The last waits in a queue without an end. */
  attempts: number
  refusals: number
  /** True if what its machines have cost can be asked for. */
  reports?: boolean
  now: () => Date
}

/**
 * A place to launch at, without anything behind it. It outlives the processes that launch there: what runs
 * is in the set `running`, and whatever was begun while something of its name ran is in `twice`. As many
 * calls that end something fail as `refusals` says. What its machines have truly cost is in `machines`.
 */
export function createWorld({ turns, attempts, refusals, reports = false, now }: WorldOptions) {
  const running = new Set<string>()
  const begun = new Map<string, Begun>()
  const twice: string[] = []
  const uptimes: { from: number; to?: number }[] = []
  const machines: Machine[] = []
  let left = refusals
  /** True if nothing happens until time has passed, or what runs is ended. */
  let isWaiting = false
  const launcher: Launcher = {
    name: 'story',
    serves: () => true,
    check: async () => {},
    plan: async () => ({ task: '', places: [], problems: [] }),
    start,
    attach,
    cancel: ({ clusterName }) => takeDown(clusterName),
    takeDown,
    costs: async () => (reports ? costs() : []),
  }
  return {
    launcher,
    running,
    twice,
    begun,
    uptimes,
    machines,
    isWaiting: () => isWaiting && running.size > 0,
  }

  async function start({ clusterName, folder }: Launch): Promise<unknown> {
    const { turn = turns[begun.size] ?? 'flag' } = begun.get(folder) ?? {}
    if (turn === 'unstartable') {
      begun.set(folder, { turn, at: now().getTime() })
      throw new Error('it cannot be started')
    }
    if (begun.has(folder)) return { folder }
    if (running.has(clusterName)) twice.push(folder)
    begun.set(folder, { turn, at: now().getTime() })
    running.add(clusterName)
    uptimes.push({ from: now().getTime() })
    return { folder }
  }

  async function* attach(
    launch: Launch,
    handle: unknown,
    { signal }: { signal: AbortSignal },
  ): AsyncGenerator<LaunchNews, Outcome | undefined> {
    const attempt = begun.get((handle as { folder: string }).folder) as Begun
    const { turn, at } = attempt
    const { clusterName, request } = launch
    const timeout = parseDuration(request.launch_timeout ?? '') ?? Number.POSITIVE_INFINITY
    const price = PRICES[request.provider] ?? 0
    const lines = table(price.toFixed(2)).split('\n')
    yield { type: 'lines', lines: lines.map((text) => ({ text, transient: false, end: 0 })) }
    yield { type: 'step', draft: { message: 'begins', phase: 'provisioning', progress: 15 } }
    await pause(signal)
    if (attempt.outcome) return attempt.outcome
    const isLast = begun.size === attempts
    if (turn === 'queued') return (await waits(isLast)) ? late() : end()
    if (turn === 'capacity' || turn === 'left') {
      if (signal.aborted) return undefined
      if (turn === 'capacity') stop(clusterName)
      return { message: 'there is no machine', code: 'no_capacity', left: turn === 'left' }
    }
    // What was taken down meanwhile never comes up.
    if (!attempt.isUp && ended()) return end()
    if (!attempt.isUp) {
      machines.push({ cluster: clusterName, price, from: now().getTime() })
      attempt.isUp = true
    }
    yield { type: 'step', draft: { message: 'is up', phase: 'instance_ready', progress: 55 } }
    await pause(signal)
    if (turn === 'slow') return (await waits()) ? late() : end()
    if (turn === 'fault' || turn === 'flag') return ended() ? end() : failed(`a ${turn}`)
    yield { type: 'step', draft: { message: 'serves', phase: 'active', progress: 100 } }
    await pause(signal)
    if (turn === 'dies') return ended() ? end() : failed('it was preempted')
    while (!ended()) await pause(signal, { waiting: true })
    return end()

    function ended(): boolean {
      return signal.aborted || !running.has(clusterName)
    }

    /** Until its time is over: then true. */
    async function waits(waiting = true): Promise<boolean> {
      while (!ended()) {
        if (now().getTime() >= at + timeout) return true
        await pause(signal, { waiting })
      }
      return false
    }

    function late(): Outcome {
      return failed(notReady(timeout, undefined))
    }

    /** As a launcher does: the cluster is kept where that was asked for. */
    function failed(message: string): Outcome {
      const code = CODES[turn]
      const outcome = { message, ...(code !== undefined && { code }) }
      const isKept = launch.keep !== undefined && turn !== 'dies'
      attempt.outcome = isKept ? keptOutcome(outcome, clusterName, launch.keep ?? 0) : outcome
      if (!isKept) stop(clusterName)
      return attempt.outcome
    }

    function end(): Outcome | undefined {
      return signal.aborted ? undefined : { message: 'the cluster is gone' }
    }
  }

  async function takeDown(clusterName: string): Promise<void> {
    if (left > 0) {
      left -= 1
      throw new Error('it cannot be taken down now')
    }
    stop(clusterName)
  }

  function stop(clusterName: string): void {
    if (!running.delete(clusterName)) return
    const at = now().getTime()
    for (const last of [uptimes.at(-1), machines.at(-1)]) if (last) last.to ??= at
  }

  function costs() {
    return machines.flatMap(({ cluster: name, price, from, to = now().getTime() }) => {
      const hours = (to - from) / HOUR
      return hours > 0 ? [{ name, launchedAt: from, hours, cost: price * hours }] : []
    })
  }

  async function pause(signal: AbortSignal, { waiting = false } = {}): Promise<void> {
    isWaiting = waiting
    await sleep(PACE, undefined, { signal }).catch(() => {})
    isWaiting = false
  }
}
