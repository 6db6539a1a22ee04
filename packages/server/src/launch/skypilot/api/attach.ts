import type { LaunchState } from '@launchtail/client/protocol'
import { pauseFor } from '../../../async/retry.js'
import type { LaunchLine, LaunchWord } from '../../../ingest/launch-line.js'
import { duration } from '../../duration.js'
import type { Launch, LaunchNews, Outcome } from '../../launcher.js'
import { lastLines } from '../../supervised/last-lines.js'
import { newsOf } from '../channel.js'
import { clusterLost, jobEnded, leftBehind } from '../endings.js'
import type { Pace } from '../pace.js'
import { awaitReadiness } from '../readiness.js'
import { isGone, isOver, type SkyApi, type SkyResult } from './api.js'
import type { Answer } from './ask.js'
import { SkyApiError } from './http.js'
import type { Intent } from './intent.js'
import { watchOutage } from './outage.js'
import { jobLines, readOutput } from './output.js'
import { takeDown } from './take-down.js'

export interface ApiAttachOptions {
  launch: Launch
  api: SkyApi
  intent: Intent
  /** When it was asked for, in milliseconds since 1970. */
  at: number
  /** The request's id, or how to come by it. */
  ask: (signal: AbortSignal) => Promise<Answer>
  /** Where the server listens on the cluster. */
  port: number
  state: LaunchState
  launchTimeout: number
  pace: Pace
  signal: AbortSignal
}

/**
 * Follows a launch at the API server: its request's output, then its job's, while it is asked how
 * they stand and whether the server answers. A line is only ever shown; what is over is over because
 * the request, the job, the cluster or the clock says so.
 */
export function attach(options: ApiAttachOptions): AsyncGenerator<LaunchNews, Outcome | undefined> {
  return newsOf((push, signal) => follow({ ...options, signal }, push), options.signal)
}

async function follow(
  { launch, api, intent, at, ask, port, state, launchTimeout, pace, signal }: ApiAttachOptions,
  push: (news: LaunchNews) => Promise<void>,
): Promise<Outcome | undefined> {
  const { clusterName: cluster } = launch
  const last = lastLines()
  const say = (draft: LaunchWord) => push({ type: 'word', draft })
  const outage = watchOutage({ pace, warn: tellOutage })
  let active = state.phase === 'active'
  const late = new AbortController()
  const left = Math.max(0, at + launchTimeout - Date.now())
  const timer = active ? undefined : setTimeout(() => late.abort(), left)
  const within = AbortSignal.any([signal, late.signal])
  let id: string | undefined
  /** When the last piece of the job's output came; undefined while it is not being read. */
  let jobHeard: number | undefined
  try {
    const outcome = await untilItEnds()
    return await cleanedUp(outcome)
  } catch (error) {
    signal.throwIfAborted()
    if (!late.signal.aborted) throw error
    const why = outage.reason()
    const limit = `not ready within ${duration(launchTimeout)}`
    return await cleanedUp(failure(why === undefined ? limit : `${why}; ${limit}`))
  } finally {
    clearTimeout(timer)
  }

  async function untilItEnds(): Promise<Outcome> {
    const answer = await outage.insist(() => ask(within), within)
    if (answer.is === 'refused') return { message: answer.why }
    id = answer.id
    const ended = id === undefined ? undefined : await followRequest(id)
    if (ended?.status === 'FAILED') return failedRequest(ended)
    if (ended?.status === 'CANCELLED') return failure('the launch request was cancelled')
    if (!ended && (await isMissing())) {
      return failure(`SkyPilot knows neither the launch nor a cluster ${cluster} any more`)
    }
    return followJob(ended ? jobOf(ended.value) : null)
  }

  /** Its output, and then how it ended; undefined where SkyPilot knows of it no more. */
  async function followRequest(id: string): Promise<SkyResult | undefined> {
    // The job's lines are counted on from here, so there must be as many at every reading.
    const kept = intent.lines()
    let count = 0
    let unknown = 0
    await readOutput({
      open: (stop) => api.output(id, stop),
      async over() {
        const now = await api.request(id, within)
        unknown = now ? 0 : unknown + 1
        return now ? isOver(now.status) : unknown > 1
      },
      async take(lines) {
        const final = lines.filter(({ transient }) => !transient).length
        const more = kept === undefined ? lines : upTo(lines, kept - count)
        count += final
        await pass(more)
      },
      ...{ outage, pace, signal: within },
    })
    if (kept === undefined) intent.ended(count)
    else if (count < kept) await pass(Array.from({ length: kept - count }, () => LOST))
    if (unknown > 1) return undefined
    return outage.insist(
      () => api.result(id, within),
      within,
      ({ status }) => status !== 404,
    )
  }

  async function followJob(job: number | null): Promise<Outcome> {
    let end: Outcome | undefined
    let looked = performance.now()
    const leaving = new AbortController()
    const ready = whenReady(AbortSignal.any([within, leaving.signal]))
    ready.catch(() => {})
    try {
      await readOutput({
        open: (stop) => api.jobOutput(cluster, job, stop),
        over: async () => {
          end ??= await endOfJob()
          return end !== undefined
        },
        // Each question costs the server a process, and a node may serve for months.
        every: () => (active ? pace.cluster : pace.status),
        take: pass,
        hear: (when) => {
          jobHeard = when
        },
        mayBeLate: true,
        select: jobLines,
        ...{ outage, pace, signal: within },
      })
    } finally {
      leaving.abort()
    }
    const { message } = end ?? { message: 'the job ended' }
    return failure(message)

    async function endOfJob(): Promise<Outcome | undefined> {
      let status: string | undefined
      try {
        status = await api.jobStatus(cluster, job, within)
      } catch (error) {
        // SkyPilot answers, and cannot say: the cluster may be gone.
        if (!(error instanceof SkyApiError) || error.type === undefined) throw error
        return lostCluster(isGone(error.type))
      }
      if (status !== undefined && ENDED.has(status)) return { message: endOf(status) }
      if (performance.now() - looked < pace.cluster) return undefined
      return lostCluster(false)
    }

    async function lostCluster(gone: boolean): Promise<Outcome | undefined> {
      looked = performance.now()
      if (!(await isMissing({ fresh: gone }))) return undefined
      return { message: clusterLost(launch) }
    }
  }

  async function whenReady(until: AbortSignal): Promise<void> {
    await awaitReadiness({
      ...{ state, pace, signal: until },
      async endpointOf(stop) {
        try {
          return await api.endpoint(cluster, port, stop)
        } catch (error) {
          if (!(error instanceof SkyApiError)) throw error
          // Not known yet, or SkyPilot is away: it is asked again.
          return undefined
        }
      },
      async say(word) {
        if (word.phase === 'active') {
          active = true
          clearTimeout(timer)
        }
        await outputCaughtUp(until)
        await say(word)
      },
    })
  }

  /** The server answers sooner than its output is read, which tells what came before. */
  async function outputCaughtUp(until: AbortSignal): Promise<void> {
    const since = performance.now()
    while (performance.now() - since < pace.grace) {
      const silent = performance.now() - (jobHeard ?? Number.POSITIVE_INFINITY)
      if (silent >= pace.quiet) return
      await pauseFor(pace.quiet / 5, until)
    }
  }

  async function pass(lines: readonly LaunchLine[]): Promise<void> {
    last.see(lines)
    if (lines.length > 0) await push({ type: 'lines', lines })
  }

  /** A cluster that is missed by one question may be there at the next. */
  async function isMissing({ fresh = true } = {}): Promise<boolean> {
    const ask = (fresh: boolean) =>
      outage.insist(() => api.cluster(cluster, { fresh, signal: within }), within)
    const gone = (status: string | undefined) => status === undefined || status === 'STOPPED'
    return gone(await ask(fresh)) && gone(await ask(true))
  }

  function endOf(status: string): string {
    if (status === 'FAILED_SETUP') return `setup failed: the job ended with status ${status}`
    return jobEnded(status, active)
  }

  function failedRequest({ type, message }: SkyResult & { status: 'FAILED' }): Outcome {
    const [first = '', ...more] = message.split('\n').filter((line) => line.trim() !== '')
    const said = first.trim() || last.all().at(-1) || 'the launch request failed'
    return { message: said.slice(0, MOST), details: detailed([type, ...more.slice(0, MORE)]) }
  }

  function failure(message: string): Outcome {
    const details = detailed([])
    return details === '' ? { message } : { message, details }
  }

  function detailed(first: readonly string[]): string {
    return [...first.filter((line) => line !== ''), ...last.all()].join('\n').slice(0, MOST)
  }

  /** What costs money is not left behind; where it is, the log says so. */
  async function cleanedUp(outcome: Outcome): Promise<Outcome> {
    // Nothing was asked for.
    if (id === undefined && !intent.asked()) return outcome
    const enough = AbortSignal.any([signal, AbortSignal.timeout(pace.cleanup)])
    const quiet = watchOutage({ pace, warn: () => {} })
    try {
      await quiet.insist(() => takeDown({ api, cluster, id, signal: enough }), enough)
      return outcome
    } catch (error) {
      signal.throwIfAborted()
      const why = quiet.reason() ?? (enough.aborted ? 'it takes its time' : String(error))
      return leftBehind(outcome, cluster, why)
    }
  }

  function tellOutage(why: string): void {
    const message = `SkyPilot does not answer; the launch goes on and is asked for again`
    // It is pushed when there is room; nobody waits for it.
    void say({ level: 'warn', message, details: why }).catch(() => {})
  }
}

/** Job statuses that end it. One that nobody knows goes on. */
const ENDED = new Set(['SUCCEEDED', 'FAILED', 'FAILED_SETUP', 'FAILED_DRIVER', 'CANCELLED'])

/** What stands for lines that SkyPilot does not keep any more and that were not stored either. */
const LOST: LaunchLine = { text: '(a line that SkyPilot keeps no more)', transient: false, end: 0 }

const MOST = 4000
/** How many further lines of an error's message are kept. */
const MORE = 20

/** The lines up to the first so many that are final. */
function upTo(lines: readonly LaunchLine[], most: number): readonly LaunchLine[] {
  let left = most
  return lines.filter(({ transient }) => {
    if (!transient) left -= 1
    return left >= 0
  })
}

/** From a launch's result: `{job_id}`, or `[job_id, handle]` from older servers. */
function jobOf(value: unknown): number | null {
  const id = Array.isArray(value) ? value[0] : (value as { job_id?: unknown } | null)?.job_id
  return typeof id === 'number' ? id : null
}
