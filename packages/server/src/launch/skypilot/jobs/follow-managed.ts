import { childSignal } from '@launchtail/client/async'
import { openingLine } from '../../attempts/attempt-lines.js'
import type { Outcome } from '../../launcher.js'
import type { LastLines } from '../../supervised/last-lines.js'
import type { Following } from '../api/following.js'
import type { Intent } from '../api/intent.js'
import { announceReadiness } from './announce-readiness.js'
import { findJob } from './find-job.js'
import { followAttempt } from './follow-attempt.js'
import { managedJobIdIn } from './managed-job.js'
import { raiseByStatus } from './raise-by-status.js'
import { type JobNow, watchJob } from './watch-job.js'
import { managedJobEnded, openingOf } from './words.js'

export interface FollowManagedOptions {
  /** What the launch's request returned, where that is known. */
  value: unknown
  following: Following
  intent: Intent
  last: LastLines
}

/** Follows a managed job through all of its attempts, and returns why it is over. */
export async function followManaged(options: FollowManagedOptions): Promise<Outcome> {
  const { value, following, intent, last } = options
  const { launch, api, outage, signal } = following
  const { clusterName: name } = launch
  const find = () => findJob({ api, name, intent, signal })
  const id = managedJobIdIn(value) ?? (await outage.insist(find, signal))?.id
  if (id === undefined) {
    return last.outcome(`SkyPilot knows neither the launch nor a managed job ${name} any more`)
  }
  const watch = watchJob(id, api)
  const beside = childSignal(signal)
  let heardAt: number | undefined
  let begun = 1
  let hasLog = false
  const job = { id, watch, following, intent, signal: beside.signal }
  // Nothing ends because of these: without an answer the launch's time runs out.
  raiseByStatus(job).catch(() => {})
  const log = { listen: () => () => heardAt, begun: () => begun, hasLog: () => hasLog }
  announceReadiness({ ...job, ...log }).catch(() => {})
  try {
    const now = await untilItIsOver(id)
    if (!now) return last.outcome(`SkyPilot does not know the managed job ${name} any more`)
    const [message = '', ...more] = managedJobEnded(now, following.isActive())
    return last.outcome(message, more)
  } finally {
    beside.abort()
  }

  async function untilItIsOver(id: number): Promise<JobNow | undefined> {
    for (;;) {
      const now = await outage.insist(() => watch.look(signal), signal)
      if (!now) return undefined
      // After an absence several may have passed, whose lines are gone.
      for (; begun < now.attempt; begun += 1) await open(begun + 1, now)
      await followAttempt({ id, attempt: now.attempt, watch, hear, onLog, following })
      const then = watch.latest()
      if (!then || then.isOver) return then
    }
  }

  async function open(attempt: number, { causes }: JobNow): Promise<void> {
    following.forgetReport()
    await following.take([openingLine(attempt, openingOf(attempt, causes[attempt - 2]))])
  }

  function onLog(): void {
    hasLog = true
  }

  function hear(at: number | undefined): void {
    heardAt = at
  }
}
