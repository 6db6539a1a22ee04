import { type LaunchState, phaseOrder } from '@launchtail/client/protocol'
import { CHECKING, JOB_RUNS, type LaunchWord, readyAt } from '../../ingest/launch-line.js'
import { type Probe, startProbe } from '../probe.js'
import type { Readiness } from '../readiness/readiness.js'
import { runFile } from '../supervised/files.js'
import { readJson } from '../supervised/read-json.js'

export interface ProgressOptions {
  state: LaunchState
  /** The file that names the port, once `run` is started. */
  run: string
  readiness: Readiness
  /** Milliseconds between two probes. */
  interval: number
  signal: AbortSignal
}

export interface Progress {
  isActive(): boolean
  /** Why the server will not become ready as it is asked, if its answers show that. */
  complaint(): string | undefined
  /** What the probe has found since the last call, each phase once. */
  news(): LaunchWord[]
}

/** Probes a local launch's server as soon as it has a port. */
export function watchProgress({
  state,
  run,
  readiness,
  interval,
  signal,
}: ProgressOptions): Progress {
  let phase = phaseOrder(state.phase)
  let base: string | undefined
  let probe: Probe | undefined
  return { isActive, complaint: () => probe?.complaint, news }

  function isActive(): boolean {
    return phase === phaseOrder('active')
  }

  function news(): LaunchWord[] {
    if (isActive()) return []
    if (!probe) {
      const port = readJson(run, runFile)?.port
      if (port === undefined) return []
      if (readiness.from === 'job') {
        phase = phaseOrder('active')
        return [JOB_RUNS]
      }
      base = `http://127.0.0.1:${port}`
      probe = startProbe({ base, readiness, mark: 'address', interval, signal })
    }
    const words: LaunchWord[] = []
    if (probe.answers && phase < phaseOrder('health_check')) {
      phase = phaseOrder('health_check')
      words.push(CHECKING)
    }
    const warning = probe.takeWarning()
    if (warning) words.push(warning)
    if (probe.ready) {
      phase = phaseOrder('active')
      words.push(readyAt(base as string))
    }
    return words
  }
}
