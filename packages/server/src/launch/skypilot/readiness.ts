import type { LaunchState } from '@launchtail/client/protocol'
import { phaseOrder } from '@launchtail/client/protocol'
import { pauseFor } from '../../async/retry.js'
import { CHECKING, type LaunchWord, readyAt } from '../../ingest/launch-line.js'
import { startProbe } from '../probe.js'

export interface ReadinessOptions {
  state: LaunchState
  /** Where the server is reached, as SkyPilot says; undefined as long as it does not. */
  endpointOf: (signal: AbortSignal) => Promise<string | undefined>
  /** Milliseconds between two questions for the endpoint, and between two probes. */
  pace: { readonly endpoint: number; readonly probe: number }
  say: (word: LaunchWord) => Promise<void>
  signal: AbortSignal
}

/** How long nothing may answer at an endpoint before it is asked for anew: addresses change. */
const STALE = 60_000

/** Asks the server itself until it is ready, and says so. Returns then, or when the signal aborts. */
export async function awaitReadiness({
  state,
  endpointOf,
  pace,
  say,
  signal,
}: ReadinessOptions): Promise<void> {
  if (phaseOrder(state.phase) >= phaseOrder('active')) return
  let checked = phaseOrder(state.phase) >= phaseOrder('health_check')
  while (!signal.aborted) {
    const base = baseOf(await endpointOf(signal))
    if (base !== undefined && (await probed(base))) {
      await say(readyAt(base))
      return
    }
    await pauseFor(pace.endpoint, signal)
  }

  async function probed(base: string): Promise<boolean> {
    const leaving = new AbortController()
    const stop = AbortSignal.any([signal, leaving.signal])
    const probe = startProbe({ base, interval: pace.probe, signal: stop })
    const since = performance.now()
    try {
      while (!probe.ready) {
        if (probe.answers && !checked) {
          checked = true
          await say(CHECKING)
        }
        if (!probe.answers && performance.now() - since > STALE) return false
        await pauseFor(Math.min(pace.probe, 200), signal)
      }
      return true
    } finally {
      leaving.abort()
    }
  }
}

/** `host:port` as an address; what is neither is none. */
function baseOf(endpoint: string | undefined): string | undefined {
  if (endpoint === undefined) return undefined
  const address = /^https?:\/\//.test(endpoint) ? endpoint : `http://${endpoint}`
  if (!URL.canParse(address)) return undefined
  const { protocol, host, pathname } = new URL(address)
  return `${protocol}//${host}${pathname === '/' ? '' : pathname.replace(/\/+$/, '')}`
}
