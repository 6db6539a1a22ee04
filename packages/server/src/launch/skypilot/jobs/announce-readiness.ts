import { childSignal } from '@launchtail/client/async'
import { pauseFor } from '../../../async/retry.js'
import { readyAgainEntry } from '../../../logs/attempt-entries.js'
import { awaitReady } from '../api/await-ready.js'
import { SkyApiError } from '../api/error.js'
import type { Following } from '../api/following.js'
import type { Intent } from '../api/intent.js'
import { isGone } from '../api/requests.js'
import type { QuietOptions } from '../quiet.js'
import { managedClusterName } from './cluster-name.js'
import type { ManagedJobOptions } from './raise-by-status.js'

/**
 * How often in a row the API server must not know a job's cluster before the job's own status is believed:
 * a controller on a machine of its own keeps its clusters to itself. One that is lost was known before.
 */
const ELSEWHERE = 4
/** How often a job is seen to run before its log is not waited for any more: SkyPilot looks every 15 s. */
const LATE = 12

export interface AnnounceOptions extends ManagedJobOptions, Pick<QuietOptions, 'listen'> {
  intent: Pick<Intent, 'readyAttempt' | 'ready'>
  /** The attempt that the log has come to. */
  begun: () => number
  /** True once the log has a line. */
  hasLog: () => boolean
}

/** Says that a managed job is ready, once it is, and of each further attempt that it is again. */
export async function announceReadiness(options: AnnounceOptions): Promise<void> {
  const { id, watch, following, intent, signal, listen, begun, hasLog } = options
  const { launch, api, pace } = following
  const cluster = managedClusterName(launch.clusterName, id)
  let unknown = 0
  let seen = 0
  if (!following.isActive()) {
    await awaitReady(following, cluster, { runs, listen, signal })
    intent.ready(begun())
  }
  for (let ready = intent.readyAttempt() ?? begun(); ; ) {
    await pauseFor(pace.status, signal)
    if (begun() <= ready) continue
    ready = begun()
    if (await isReadyAgain(ready)) intent.ready(ready)
  }

  /** False where it is lost before. */
  async function isReadyAgain(attempt: number): Promise<boolean> {
    const within = childSignal(signal)
    const looking = setInterval(() => begun() > attempt && within.abort(), pace.status)
    try {
      // An address that was asked for while the job recovers would be the lost machine's.
      while (!(await runs(within.signal))) await pauseFor(pace.status, within.signal)
      await awaitReady(again(attempt, following), cluster, { runs, listen, signal: within.signal })
      return true
    } catch (error) {
      if (signal.aborted || !within.signal.aborted) throw error
      return false
    } finally {
      clearInterval(looking)
      within.release()
    }
  }

  async function runs(stop: AbortSignal): Promise<boolean> {
    if (!(await isRunning(stop))) return false
    seen += 1
    // The log tells what came before, and begins later than the job.
    if (!hasLog() && seen < LATE) return false
    // The cluster may be another attempt's by now, which has to be opened first.
    return (await watch.look(stop))?.attempt === begun()
  }

  /** A managed job is said to be running while it is set up, so its cluster is asked. */
  async function isRunning(stop: AbortSignal): Promise<boolean> {
    const now = watch.latest()
    if (now?.status !== 'RUNNING' || now.isRecovering) return false
    try {
      const status = await api.jobStatus(cluster, null, stop)
      unknown = Number.NEGATIVE_INFINITY
      return status === 'RUNNING'
    } catch (error) {
      if (!(error instanceof SkyApiError)) throw error
      if (isGone(error.type)) unknown += 1
      return unknown > ELSEWHERE
    }
  }
}

/** The node is active already: what is said of its first attempt is said of this one by a single entry. */
function again(attempt: number, following: Following): Following {
  const { say } = following
  return {
    ...following,
    state: { phase: 'installing', progress: 0 },
    activate() {},
    complain() {},
    async say(word) {
      if (word.phase === 'active') await say(readyAgainEntry(attempt, word))
      else if (word.phase === undefined) await say(word)
    },
  }
}
