import { phaseOrder } from '@launchtail/client/protocol'
import { pauseFor } from '../../../async/retry.js'
import type { LaunchWord } from '../../../ingest/launch-line.js'
import type { Pace } from '../pace.js'
import type { SkyApi } from './api.js'
import { SkyApiError } from './error.js'

export interface StepsOptions {
  api: SkyApi
  cluster: string
  pace: Pick<Pace, 'steps'>
  /** Stores a step, unless the launch has come as far already. */
  raise: (step: LaunchWord) => Promise<void>
  signal: AbortSignal
}

/**
 * Raises the phase by SkyPilot's own record of the cluster where its output does not: a version may word
 * its lines anew, and a stream may be lost. A step counts when it was there at the look before, too, so
 * that the output, which says more, comes first. Returns where the server keeps no such record.
 */
export async function raiseBySteps({ api, cluster, pace, raise, signal }: StepsOptions) {
  let before: readonly string[] = []
  for (;;) {
    await pauseFor(pace.steps, signal)
    const events = await look()
    if (!events) return
    const step = events.filter((event) => before.includes(event)).map(stepOf)
    const furthest = step.reduce(further, undefined)
    if (furthest) await raise(furthest)
    before = events
  }

  async function look(): Promise<readonly string[] | undefined> {
    try {
      return await api.events(cluster, signal)
    } catch (error) {
      if (!(error instanceof SkyApiError)) throw error
      // There is no cluster yet, or SkyPilot is away. A server without the call refuses it for good.
      return error.passes ? [] : undefined
    }
  }
}

function further(a: LaunchWord | undefined, b: LaunchWord | undefined): LaunchWord | undefined {
  return placeOf(b) > placeOf(a) ? b : a
}

function placeOf(step: LaunchWord | undefined): number {
  return step?.phase === undefined ? -1 : phaseOrder(step.phase) + (step.progress ?? 0) / 1000
}

/** What SkyPilot's events of a cluster say about its launch. */
function stepOf(event: string): LaunchWord | undefined {
  const row = EVENTS.find(([when]) => when.test(event))
  return row && { message: event.slice(0, 1000), phase: row[1], progress: row[2] }
}

const EVENTS: readonly (readonly [RegExp, NonNullable<LaunchWord['phase']>, number])[] = [
  [/^Provisioning on \S/, 'provisioning', 15],
  [/^Instances? launched on \S/, 'instance_ready', 50],
  [/^Setting up SkyPilot runtime\b/, 'instance_ready', 54],
  [/^Cluster successfully provisioned\b/, 'instance_ready', 60],
  [/^(?:Running setup commands|Syncing file mounts)\b/, 'installing', 60],
]

/** The same of a job's status. */
export function stepOfJob(status: string): LaunchWord | undefined {
  if (status !== 'SETTING_UP' && status !== 'RUNNING') return undefined
  const does = status === 'RUNNING' ? 'is running' : 'is being set up'
  return { message: `The job ${does}.`, phase: 'installing', progress: 62 }
}
