import type { LaunchState } from '@launchtail/client/protocol'
import type { LaunchLine, LaunchWord } from '../../../ingest/launch-line.js'
import type { Launch } from '../../launcher.js'
import type { Readiness } from '../../readiness/readiness.js'
import type { ProbeReport } from '../node-probe/report.js'
import type { Pace } from '../pace.js'
import type { SkyApi } from './api.js'
import type { Outage } from './outage.js'

/** What the parts that follow a launch share. */
export interface Following {
  readonly launch: Launch
  readonly api: SkyApi
  readonly state: LaunchState
  /** Where the server listens on the cluster. */
  readonly port: number
  /** True where SkyPilot was asked to open that port. */
  opens(): boolean
  /** What the probe on the node has reported last. */
  report(): ProbeReport | undefined
  /** Called when the job starts on another machine. */
  forgetReport(): void
  readonly readiness: Readiness
  readonly pace: Pace
  readonly outage: Outage
  /** Aborts when nobody follows any more, and when the launch's time is over. */
  readonly signal: AbortSignal
  /** True once the node serves. The launch's time is of no account then. */
  isActive(): boolean
  activate(): void
  /** Notes why the server will not become ready as it is asked, if its answers show that. */
  complain(complaint: string | undefined): void
  take(lines: readonly LaunchLine[]): Promise<void>
  say(word: LaunchWord): Promise<void>
  /** Stores a step, unless the launch has come as far already. */
  raise(step: LaunchWord): Promise<void>
}

/** True where the cluster does not exist, or is stopped. One answer alone is not believed. */
export async function isMissing(
  { launch: { clusterName }, api, outage, signal }: Following,
  { fresh = true } = {},
): Promise<boolean> {
  return (await isGone(fresh)) && (await isGone(true))

  async function isGone(fresh: boolean): Promise<boolean> {
    const ask = () => api.cluster(clusterName, { fresh, signal })
    const found = await outage.insist(ask, signal)
    return found === undefined || found.status === 'STOPPED'
  }
}
