import { attemptLines } from '../../attempts/attempt-lines.js'
import type { Following } from '../api/following.js'
import { readOutput } from '../api/output.js'
import { attemptOutput } from './attempt-output.js'
import { type LogLines, logLines } from './log-lines.js'
import type { JobWatch } from './watch-job.js'

export interface FollowAttemptOptions {
  id: number
  attempt: number
  watch: JobWatch
  /** Called with the time of each piece that comes, and with undefined when a reading ends. */
  hear: (at: number | undefined) => void
  /** Called when the log has begun. */
  onLog: () => void
  following: Following
}

/** Follows the output of one attempt of a managed job until the attempt is over. */
export async function followAttempt({
  id,
  attempt,
  watch,
  hear,
  onLog,
  following,
}: FollowAttemptOptions): Promise<void> {
  const { api, pace, outage, signal, take } = following
  const numbered = attemptLines(attempt)
  let log: LogLines = logLines()
  await readOutput({
    open: (stop) =>
      attemptOutput(
        {
          open: (until) => api.jobs.output(id, until),
          isIts,
          isLeft: () => log.isLeft(),
        },
        stop,
      ),
    over: isOver,
    // Each question costs the API server a process, and a node may serve for months.
    every: () => (following.isActive() ? pace.cluster : pace.status),
    take(given) {
      if (given.some(({ transient }) => !transient)) onLog()
      return take(numbered(given))
    },
    hear,
    mayBeLate: true,
    select() {
      log = logLines()
      return log.select
    },
    outage,
    pace,
    signal,
  })

  /** True where a log that begins now is this attempt's: the next one has none while it is prepared. */
  async function isIts(): Promise<boolean> {
    const now = await watch.look(signal)
    return now !== undefined && now.attempt - Number(now.isRecovering) === attempt
  }

  async function isOver(): Promise<boolean> {
    const now = await watch.look(signal)
    return !now || now.isOver || now.attempt !== attempt
  }
}
