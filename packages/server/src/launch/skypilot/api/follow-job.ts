import { childSignal } from '@launchtail/client/async'
import { jobLines } from '../job-lines.js'
import type { QuietOptions } from '../quiet.js'
import { awaitReady } from './await-ready.js'
import { SkyApiError } from './error.js'
import type { Following } from './following.js'
import { createJobWatch } from './job-end.js'
import { readOutput } from './output.js'

/** Follows a job's output while its server is probed, and returns why the job is over. */
export async function followJob(job: number | null, following: Following): Promise<string> {
  const { launch, api, pace, outage, signal, take } = following
  const whyOver = createJobWatch(job, following)
  let reason: string | undefined
  let heardAt: number | undefined
  const probing = childSignal(signal)
  // Nothing else ends because of it: without an answer the launch's time runs out.
  announceReadiness(job, following, () => () => heardAt, probing.signal).catch(() => {})
  try {
    await readOutput({
      open: (stop) => api.jobOutput(launch.clusterName, job, stop),
      async over() {
        reason ??= await whyOver()
        return reason !== undefined
      },
      // Each question costs the API server a process, and a node may serve for months.
      every: () => (following.isActive() ? pace.cluster : pace.status),
      take,
      hear(at) {
        heardAt = at
      },
      mayBeLate: true,
      select: jobLines,
      outage,
      pace,
      signal,
    })
  } finally {
    probing.abort()
  }
  return reason ?? 'the job ended'
}

function announceReadiness(
  job: number | null,
  following: Following,
  listen: QuietOptions['listen'],
  signal: AbortSignal,
): Promise<void> {
  const { launch, api } = following
  const { clusterName } = launch
  return awaitReady(following, clusterName, { runs, listen, signal })

  async function runs(stop: AbortSignal): Promise<boolean> {
    try {
      return (await api.jobStatus(clusterName, job, stop)) === 'RUNNING'
    } catch (error) {
      if (!(error instanceof SkyApiError)) throw error
      // SkyPilot is away, or the job is. It is asked again.
      return false
    }
  }
}
