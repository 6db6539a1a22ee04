import type { Failure, LogEntry, PastLaunch, PhaseTiming } from '@launchtail/client/protocol'
import { statusOf } from '../../logs/launch-end.js'

/** A launch that has ended: it is active, has failed, or was terminated before either. */
export interface Ended extends Pick<PastLaunch, 'outcome' | 'code' | 'phases'> {
  readonly started_at: string
  readonly ended_at: string
  readonly failure?: Failure
}

/** The loss of a spot instance after its launch became active. */
export interface Loss {
  /** When the launch began. */
  readonly started_at: string
  readonly lost_at: string
}

/** Called once for each launch: later entries tell about the node, not about its launch. */
export function endedBy(
  entry: LogEntry,
  phases: readonly PhaseTiming[],
  failure: Failure | undefined,
): Ended {
  const status = statusOf(entry)
  return {
    outcome: status === 'failed' || status === 'terminated' ? status : 'succeeded',
    ...(failure && { code: failure.code, failure }),
    started_at: phases[0]?.started_at ?? entry.timestamp,
    ended_at: entry.timestamp,
    phases: phases.flatMap(({ phase, duration_ms }) =>
      duration_ms === undefined ? [] : [{ phase, duration_ms }],
    ),
  }
}
