import { startDeadline } from '@launchtail/client/async'
import { formatDuration, type LaunchState } from '@launchtail/client/protocol'
import type { LaunchWord } from '../../../ingest/launch-line.js'
import type { Launch, LaunchNews, Outcome } from '../../launcher.js'
import { notReady } from '../../readiness/not-ready.js'
import { withoutProbeLines } from '../../readiness/probe-lines.js'
import { readinessOf } from '../../readiness/readiness.js'
import { lastLines } from '../../supervised/last-lines.js'
import { newsOf } from '../channel.js'
import { cleanUp } from '../clean-up.js'
import { endJob } from '../jobs/end-job.js'
import { followManaged } from '../jobs/follow-managed.js'
import { keepCluster } from '../keep-cluster.js'
import { probeMark } from '../node-probe/mark.js'
import { probeReports } from '../node-probe/report.js'
import { opensPorts } from '../opens-ports.js'
import type { Pace } from '../pace.js'
import { followService } from '../serve/follow-service.js'
import type { ServiceWatch } from '../serve/watch-services.js'
import type { SkyApi } from './api.js'
import type { Answer } from './ask-once.js'
import { failedRequest } from './failed-request.js'
import { followJob } from './follow-job.js'
import { followLaunch } from './follow-launch.js'
import type { Following } from './following.js'
import type { Intent } from './intent.js'
import { awaitOrphanedJob } from './orphaned-job.js'
import { type Outage, watchOutage } from './outage.js'
import { takeDown } from './take-down.js'

export interface ApiAttachOptions {
  launch: Launch
  api: SkyApi
  intent: Intent
  /** When it was asked for, in milliseconds since 1970. */
  at: number
  /** Finds the request's id, or asks for the launch. */
  ask: (signal: AbortSignal) => Promise<Answer>
  /** Where the server listens on the cluster. */
  port: number
  state: LaunchState
  launchTimeout: number
  pace: Pace
  /** Where the node is a replica of a service. */
  services: ServiceWatch | undefined
  signal: AbortSignal
}

/**
 * Follows a launch at the API server: its request's output, then its job's, while their status is asked
 * for and the node's own server is probed. Lines are only shown: a launch is over because the request,
 * the job, the cluster or the clock says so.
 */
export function attach(options: ApiAttachOptions): AsyncGenerator<LaunchNews, Outcome | undefined> {
  return newsOf((push, signal) => follow({ ...options, signal }, push), options.signal)
}

async function follow(
  options: ApiAttachOptions,
  push: (news: LaunchNews) => Promise<void>,
): Promise<Outcome> {
  const { launch, api, intent, at, ask, port, state } = options
  const { launchTimeout, pace, services, signal } = options
  const last = lastLines()
  const isJob = launch.request.mode === 'job'
  const end = isJob ? endJob : takeDown
  const reports = probeReports(probeMark(launch.folder).printed)
  const readiness = readinessOf(launch.request)
  const { timeout = launchTimeout } = readiness
  let complaint: string | undefined
  const say = (draft: LaunchWord) => push({ type: 'word', draft })
  const outage = toldOutage(pace, say)
  const deadline = startDeadline(at + timeout - Date.now(), signal)
  let active = state.phase === 'active'
  // SkyServe has a time limit of its own for each replica.
  if (active || services) deadline.stop()
  const following: Following = {
    launch,
    api,
    state,
    port,
    opens: () => opensPorts(launch.request) && !intent.refused(),
    report: reports.newest,
    forgetReport: reports.forget,
    readiness,
    pace,
    outage,
    signal: deadline.signal,
    isActive: () => active,
    activate() {
      active = true
      deadline.stop()
    },
    complain(found) {
      complaint = found
    },
    async take(given) {
      const lines = withoutProbeLines(reports.take(given))
      last.see(lines)
      if (lines.length > 0) await push({ type: 'lines', lines })
    },
    say,
    raise: (draft) => push({ type: 'step', draft }),
  }
  let id: string | undefined
  try {
    if (services) return await followService({ ask, intent, following, last, watch: services })
    return await cleanedUp(await untilItEnds())
  } catch (error) {
    signal.throwIfAborted()
    if (!deadline.passed()) throw error
    const reason = outage.reason()
    const limit = notReady(timeout, complaint)
    return await cleanedUp(last.outcome(reason === undefined ? limit : `${reason}; ${limit}`))
  } finally {
    deadline.clear()
  }

  async function untilItEnds(): Promise<Outcome> {
    const onRequest = (now: string | undefined) => {
      id = now
    }
    const launched = await followLaunch({ ask, following, intent, onRequest })
    if ('refused' in launched) return { message: launched.refused }
    const { ended } = launched
    if (ended?.status === 'FAILED') return failedRequest(ended, last)
    if (ended?.status === 'CANCELLED') return last.outcome('the launch request was cancelled')
    if (isJob) return followManaged({ value: ended?.value, following, intent, last })
    const whyNone = ended ? undefined : await awaitOrphanedJob(following)
    if (whyNone !== undefined) return last.outcome(whyNone)
    return last.outcome(await followJob(ended ? jobOf(ended.value) : null, following))
  }

  async function cleanedUp(outcome: Outcome): Promise<Outcome> {
    if (id === undefined && !intent.asked()) return outcome
    const cluster = launch.clusterName
    const isUp = async (within: AbortSignal) =>
      (await api.cluster(cluster, { signal: within }))?.status === 'UP'
    const kept = await keepCluster({ launch, outcome, isUp, pace, signal })
    if (kept) return kept
    const quiet = watchOutage({ pace, warn: () => {} })
    const how = { api, cluster, id, intent, pace }
    return cleanUp({
      outcome,
      cluster,
      isJob,
      pace,
      signal,
      reason: quiet.reason,
      takeDown: (within) => quiet.insist(() => end({ ...how, signal: within }), within),
    })
  }
}

/** Says in the log that SkyPilot does not answer, and that it does again. */
function toldOutage(pace: Pace, say: (word: LaunchWord) => Promise<void>): Outage {
  return watchOutage({
    pace,
    warn(details) {
      const message = 'SkyPilot does not answer; the launch goes on and is asked for again'
      // It is pushed when there is room; nothing waits for it.
      void say({ level: 'warn', message, details }).catch(() => {})
    },
    back(away) {
      void say({ message: `SkyPilot answers again after ${spoken(away)}` }).catch(() => {})
    },
  })
}

/** Such as `3m 48s`. */
function spoken(ms: number): string {
  const duration = formatDuration(ms, ms < 1000 ? {} : { parts: 2, decimals: 0 })
  return duration.replace(/(?<=[a-z])(?=\d)/g, ' ')
}

/** From a launch's result: `{job_id}`, or `[job_id, handle]` from older servers. */
function jobOf(value: unknown): number | null {
  const id = Array.isArray(value) ? value[0] : (value as { job_id?: unknown } | null)?.job_id
  return typeof id === 'number' ? id : null
}
