import { existsSync } from 'node:fs'
import { type LaunchState, tunnelTo } from '@launchtail/client/protocol'
import type { LaunchWord } from '../../../ingest/launch-line.js'
import type { Launch } from '../../launcher.js'
import type { Readiness } from '../../readiness/readiness.js'
import type { ProbeReport } from '../node-probe/report.js'
import { opensPorts } from '../opens-ports.js'
import type { Pace } from '../pace.js'
import { awaitReadiness } from '../readiness.js'
import type { cliFiles } from './files.js'
import type { SkyCommandOptions } from './run-sky.js'
import { endpointOf, jobRuns } from './sky-command.js'

export interface AnnounceOptions {
  launch: Launch
  sky: SkyCommandOptions
  /** Where the server listens on the cluster. */
  port: number
  state: LaunchState
  pace: Pace
  signal: AbortSignal
  files: ReturnType<typeof cliFiles>
  readiness: Readiness
  /** When the last piece of the output came. */
  heardAt: () => number
  report: () => ProbeReport | undefined
  onComplaint: (complaint: string | undefined) => void
  onReady: () => void
  say: (word: LaunchWord) => Promise<void>
}

/** Waits until the node is ready, and says so, in the questions of the `sky` command. */
export async function announceReadiness(options: AnnounceOptions): Promise<void> {
  const { launch, sky, port, state, files, pace, readiness, heardAt, report, signal } = options
  const { onComplaint, onReady, say } = options
  const { clusterName: cluster, request } = launch
  const question = (within: AbortSignal) => ({ cluster, timeout: pace.command, signal: within })
  await awaitReadiness({
    ...{ state, readiness, pace, report, onComplaint, onReady, say, signal },
    opens: opensPorts(request) && !existsSync(files.portless),
    listen: () => jobHeardAt(files.reading, heardAt),
    // Where `sky` cannot even be started it is asked again, as where it does not know.
    endpointOf: (within) =>
      endpointOf(sky, { ...question(within), port }).catch(() => ({ is: 'unknown' }) as const),
    runs: (within) => jobRuns(sky, question(within)).catch(() => false),
    tunnel: (at) => tunnelTo(cluster, at),
    // Nothing else ends because of it: without an answer the launch's time runs out.
  }).catch(() => {})
}

/**
 * When the last piece of the job's log came, at the earliest when its reading was first seen; undefined
 * while it is not read. The file that says so is there before the first lines are.
 */
function jobHeardAt(reading: string, heardAt: () => number): () => number | undefined {
  let begun: number | undefined
  return () => {
    begun = existsSync(reading) ? (begun ?? performance.now()) : undefined
    return begun && Math.max(begun, heardAt())
  }
}
