import type { NewLaunch } from '@launchtail/client'
import { childSignal } from '@launchtail/client/async'
import { checkEnd, type Expected } from './checks.js'
import type { Lab } from './lab/lab.js'
import { type Launched, launch } from './launched.js'
import { createMeeting, type Meeting } from './meeting.js'
import { type Product, startProduct, type Via } from './product.js'

/** Something that happens to a launch, and how it must end. */
export interface Case {
  readonly name: string
  /** Only by this way. Without it, by both. */
  readonly only?: Via
  /** In the short list, by these ways. */
  readonly short?: readonly Via[]
  /** It needs a SkyPilot that runs managed jobs, which costs each lab a dozen processes. */
  readonly managedJobs?: true
  /** It does something to SkyPilot or Slurm that others would notice. Its two ways run at once. */
  readonly alone?: true
  /** How long it may take, in milliseconds, where that is longer than others may. */
  readonly limit?: number
  run(trial: Trial): Promise<void>
}

export interface Trial {
  readonly via: Via
  readonly lab: Lab
  readonly product: Product
  /** Without a task, the request names an engine. */
  launch(task: string | undefined, request?: Partial<NewLaunch>): Promise<Launched>
  /** Does what all would notice who run this case: once, when each of them has come to it. */
  together<T>(act: () => Promise<T>): Promise<T>
  /** Checks how a launch ended, once it has. */
  expect(launched: Launched, expected: Expected): Promise<void>
}

export interface Planned {
  readonly one: Case
  readonly via: Via
}

/** In milliseconds. */
export interface Times {
  /** No case is begun later than this. Without it, all are. */
  readonly begin?: number
  /** The longest that a case may take. */
  readonly each: number
}

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/**
 * Runs the cases, two at once where they do not disturb each other. Those for which no time is left are
 * skipped.
 */
export async function runAll(
  lab: Lab,
  planned: readonly Planned[],
  { signal, times }: { signal: AbortSignal; times: Times },
): Promise<Counts> {
  const { begin = Number.POSITIVE_INFINITY, each } = times
  const end = performance.now() + begin
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const shared = planned.filter(({ one }) => !one.alone)
  await Promise.all([take(shared), take(shared)])
  const alone = planned.filter(({ one }) => one.alone)
  for (const one of new Set(alone.map((next) => next.one))) {
    const ways = alone.filter((next) => next.one === one)
    const meeting = createMeeting(ways.length)
    await Promise.all(ways.map((way) => take([way], meeting)))
  }
  return counts

  async function take(queue: Planned[], meeting?: Meeting): Promise<void> {
    for (let next = queue.shift(); next; next = queue.shift()) {
      if (performance.now() > end) {
        counts.skipped += 1
        console.log(`skipped ${next.via} ${next.one.name}: no time is left`)
      } else {
        counts[(await runOne(lab, next, { signal, each, meeting })) ? 'passed' : 'failed'] += 1
      }
    }
  }
}

interface RunOneOptions {
  signal: AbortSignal
  each: number
  meeting?: Meeting | undefined
}

async function runOne(
  lab: Lab,
  { one, via }: Planned,
  { signal, each, meeting = createMeeting(1) }: RunOneOptions,
): Promise<boolean> {
  const began = Date.now()
  const ending = childSignal(signal)
  const { limit = each } = one
  const late = setTimeout(() => ending.abort(new Error('it takes too long')), limit)
  const took = () => `${via} ${one.name} (${Math.round((Date.now() - began) / 1000)} s)`
  const clusters: string[] = []
  let product: Product | undefined
  try {
    ending.signal.throwIfAborted()
    const server = await startProduct(lab, via)
    product = server
    await one.run({
      ...{ via, lab, product, together: meeting.together },
      async launch(task, request = {}) {
        const own = task === undefined ? {} : { task }
        const launched = await launch(server, lab, { ...own, ...request }, ending.signal)
        clusters.push(launched.cluster)
        return launched
      },
      expect: (launched, expected) => checkEnd(server, lab, launched, expected),
    })
    console.log(`ok      ${took()}`)
    return true
  } catch (error) {
    console.log(`FAILED  ${took()}: ${error instanceof Error ? error.message : error}`)
    if (product) console.log(`Launchtail's own log ends:\n${product.log()}`)
    return false
  } finally {
    clearTimeout(late)
    ending.abort()
    meeting.leave()
    await product?.close()
    // What a case that failed has left would slow the others down.
    for (const cluster of clusters) await lab.slurm.cancel(cluster).catch(() => {})
  }
}
