import { childSignal } from '@launchtail/client/async'
import type { LaunchState } from '@launchtail/client/protocol'
import { phaseOrder } from '@launchtail/client/protocol'
import { pauseFor } from '../../async/retry.js'
import { CHECKING, type LaunchWord, readyAt } from '../../ingest/launch-line.js'
import { startProbe } from '../probe.js'
import type { Readiness } from '../readiness/readiness.js'
import type { Pace } from './pace.js'
import { awaitQuiet, type QuietOptions } from './quiet.js'

export interface ReadinessOptions {
  state: LaunchState
  readiness: Readiness
  /** Where the server is reached, as SkyPilot says; undefined while SkyPilot cannot say. */
  endpointOf: (signal: AbortSignal) => Promise<string | undefined>
  pace: Pick<Pace, 'endpoint' | 'probe' | 'quiet' | 'grace'>
  /** Listens to the job's output, as for `awaitQuiet`. */
  listen: QuietOptions['listen']
  /** Called with why the server will not become ready as it is asked, if its answers show that. */
  onComplaint: (complaint: string | undefined) => void
  /** Called at once when the server answers that it is ready. */
  onReady: () => void
  say: (word: LaunchWord) => Promise<void>
  signal: AbortSignal
}

/** How long nothing may answer at an endpoint before SkyPilot is asked again: addresses change. */
const STALE = 60_000

/** Probes the server itself until it is ready, and says so. Throws when the signal aborts. */
export async function awaitReadiness({
  state,
  readiness,
  endpointOf,
  pace,
  listen,
  onComplaint,
  onReady,
  say,
  signal,
}: ReadinessOptions): Promise<void> {
  if (phaseOrder(state.phase) >= phaseOrder('active')) return
  let checked = phaseOrder(state.phase) >= phaseOrder('health_check')
  for (;;) {
    const base = baseOf(await endpointOf(signal))
    if (base !== undefined && (await isReady(base))) {
      onReady()
      return sayInOrder(readyAt(base))
    }
    await pauseFor(pace.endpoint, signal)
  }

  async function isReady(base: string): Promise<boolean> {
    const probing = childSignal(signal)
    const probe = startProbe({
      ...{ base, readiness, mark: 'query', interval: pace.probe, signal: probing.signal },
    })
    const since = performance.now()
    try {
      while (!probe.ready) {
        if (probe.answers && !checked) {
          checked = true
          await sayInOrder(CHECKING)
        }
        onComplaint(probe.complaint)
        const warning = probe.takeWarning()
        if (warning) await say(warning)
        if (!probe.answers && performance.now() - since > STALE) return false
        await pauseFor(Math.min(pace.probe, 200), signal)
      }
      return true
    } finally {
      probing.abort()
    }
  }

  async function sayInOrder(word: LaunchWord): Promise<void> {
    await awaitQuiet({ listen, pace, signal })
    await say(word)
  }
}

/** `host:port` as an address; undefined for what cannot be one. */
function baseOf(endpoint: string | undefined): string | undefined {
  if (endpoint === undefined) return undefined
  const address = /^https?:\/\//.test(endpoint) ? endpoint : `http://${endpoint}`
  if (!URL.canParse(address)) return undefined
  const { protocol, host, pathname } = new URL(address)
  return `${protocol}//${host}${pathname === '/' ? '' : pathname.replace(/\/+$/, '')}`
}
