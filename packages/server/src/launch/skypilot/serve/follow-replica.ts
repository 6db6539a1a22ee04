import { childSignal } from '@launchtail/client/async'
import { pauseFor } from '../../../async/retry.js'
import { activeEntry } from '../../../logs/end-entries.js'
import type { Outcome, Replica } from '../../launcher.js'
import type { Following } from '../api/following.js'
import { readOutput } from '../api/output.js'
import { replicaLines } from './replica-lines.js'
import { readReplicaName } from './replica-name.js'
import { type ReplicaWatch, type WatchReplicaOptions, watchReplica } from './watch-replica.js'
import { NOT_READY, READY_AGAIN, stepOfReplica } from './words.js'

/** Follows a replica of a service from when there is none yet to its end, and returns why it is over. */
export async function followReplica(options: WatchReplicaOptions): Promise<Outcome> {
  const { following } = options
  const { launch, api, pace, outage, signal } = following
  const { service, replica } = readReplicaName(launch.clusterName)
  const watch = watchReplica(options)
  const ended = await untilItHasLog()
  if (ended) return ended()
  const beside = childSignal(signal)
  let hasLog = false
  const telling = { watch, following, hasLog: () => hasLog, signal: beside.signal }
  // Nothing ends because of it: without an answer it is asked again.
  tellStatuses(telling).catch(() => {})
  try {
    await readOutput({
      open: (stop) => api.services.output(service, replica, stop),
      async over() {
        await watch.look(signal)
        return watch.ended() !== undefined
      },
      every: () => (following.isActive() ? pace.cluster : pace.status),
      take(lines) {
        hasLog = true
        return following.take(lines)
      },
      mayBeLate: true,
      select: replicaLines,
      outage,
      pace,
      signal,
    })
  } finally {
    beside.abort()
  }
  return watch.ended()?.() ?? { message: 'the replica has ended' }

  /** It has none before its launch begins. Returns how it ended, if it never had one. */
  async function untilItHasLog(): Promise<(() => Outcome) | undefined> {
    for (;;) {
      await outage.insist(() => watch.look(signal), signal)
      const now = watch.latest()
      if (watch.ended() || (now && now.status !== 'PENDING')) break
      await pauseFor(pace.status, signal)
    }
    return watch.latest() ? undefined : watch.ended()
  }
}

/** How often a replica is looked at before its log is not waited for any more. */
const LATE = 12

interface TellingOptions {
  watch: ReplicaWatch
  following: Following
  /** True once the log has a line. */
  hasLog: () => boolean
  signal: AbortSignal
}

/**
 * Says how far a replica has come by its status. One counts when it was there at the look before, too: the
 * log says more, and comes first.
 */
async function tellStatuses({ watch, following, hasLog, signal }: TellingOptions): Promise<void> {
  const { isActive, activate, say, raise, outage, pace } = following
  let isReady = isActive()
  let looks = 0
  for (let before: string | undefined; ; ) {
    const now = watch.latest()
    if (now && now.status === before) await tell(now)
    looks += 1
    before = now?.status
    await pauseFor(pace.status, signal)
    await outage.insist(() => watch.look(signal), signal)
  }

  async function tell(now: Replica): Promise<void> {
    const { status } = now
    if (status === 'READY' && !isReady && (hasLog() || looks > LATE)) return ready(now)
    if (status === 'NOT_READY' && isReady) {
      isReady = false
      return say(NOT_READY)
    }
    const step = stepOfReplica(now)
    if (step) await raise(step)
  }

  async function ready({ endpoint }: Replica): Promise<void> {
    isReady = true
    if (isActive()) return say(READY_AGAIN)
    activate()
    await say(activeEntry(endpoint))
  }
}
