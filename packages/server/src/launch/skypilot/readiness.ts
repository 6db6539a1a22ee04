import { childSignal } from '@launchtail/client/async'
import type { LaunchState } from '@launchtail/client/protocol'
import { phaseOrder } from '@launchtail/client/protocol'
import { pauseFor } from '../../async/retry.js'
import { CHECKING, JOB_RUNS, type LaunchWord, readyAt } from '../../ingest/launch-line.js'
import { startProbe } from '../probe.js'
import type { Readiness } from '../readiness/readiness.js'
import { watchGap } from './gap.js'
import { type Reached, reach } from './node-probe/reach.js'
import type { ProbeReport } from './node-probe/report.js'
import type { Pace } from './pace.js'
import { awaitQuiet, type QuietOptions } from './quiet.js'

/** What SkyPilot says about where a port is reached. */
export type Endpoint =
  | { readonly is: 'at'; readonly address: string }
  /** It cannot say, or not yet. */
  | { readonly is: 'unknown' }
  /** The place has none. */
  | { readonly is: 'none' }

export interface ReadinessOptions {
  state: LaunchState
  readiness: Readiness
  /** Where the server is reached. Not asked where no port was opened. */
  endpointOf: (signal: AbortSignal) => Promise<Endpoint>
  /** True where a port was asked for, so that there may be an endpoint. */
  opens: boolean
  /** What the probe on the node has reported last. */
  report: () => ProbeReport | undefined
  /** True once the job runs. Asked only where that is all that is waited for. */
  runs: (signal: AbortSignal) => Promise<boolean>
  /** How a person reaches a server that only its cluster can reach. */
  tunnel: (port: number) => string
  pace: Pick<Pace, 'status' | 'endpoint' | 'probe' | 'quiet' | 'grace' | 'gap'>
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

/** Waits until the node is ready, and says so. Throws when the signal aborts. */
export async function awaitReadiness(options: ReadinessOptions): Promise<void> {
  const { state, readiness, endpointOf, opens, report, runs, tunnel, pace, listen, signal } =
    options
  const { onComplaint, onReady, say } = options
  const { from = 'auto' } = readiness
  if (phaseOrder(state.phase) >= phaseOrder('active')) return
  let checked = phaseOrder(state.phase) >= phaseOrder('health_check')
  const gap = watchGap(pace.gap)
  let endpoint: Endpoint = from === 'node' || !opens ? { is: 'none' } : { is: 'unknown' }
  for (;;) {
    if (from === 'job') {
      if (await runs(signal)) return ready(JOB_RUNS)
    } else {
      if (endpoint.is !== 'none') endpoint = await endpointOf(signal)
      const base = endpoint.is === 'at' ? baseOf(endpoint.address) : undefined
      if (base !== undefined && (await isReady(base))) return ready(readyAt(base))
      await look(base)
      const node = report()
      // SkyPilot that names no endpoint for long has none.
      const isAlone = endpoint.is === 'none' || (base === undefined && gap.lasts() > pace.gap)
      if (from !== 'endpoint' && node?.is === 'ready' && isAlone) {
        return ready(readyOnNode(await reach(node, { readiness, signal }), node.port))
      }
    }
    await pauseFor(between(), signal)
  }

  /** What the node reports is at hand; everything else is asked of SkyPilot. */
  function between(): number {
    if (from === 'job') return pace.status
    return endpoint.is === 'none' ? Math.min(pace.probe, 500) : pace.endpoint
  }

  /** Probes the server itself, until it is ready or has not answered for long. */
  async function isReady(base: string): Promise<boolean> {
    const probing = childSignal(signal)
    const probe = startProbe({
      ...{ base, readiness, mark: 'query', interval: pace.probe, signal: probing.signal },
    })
    const since = performance.now()
    try {
      while (!probe.ready) {
        await look(base, probe.complaint)
        if (probe.answers) await check()
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

  /** Takes in what the probe on the node has reported. */
  async function look(base: string | undefined, complaint?: string): Promise<void> {
    const node = report()
    if (node && node.is !== 'taken') await check()
    if (endpoint.is !== 'none' || node?.is === 'taken') gap.look(node, base)
    onComplaint(complaint ?? gap.complaint() ?? answered(node))
    const warning = gap.takeWarning()
    if (warning) await say(warning)
  }

  /** What the server on its node answers, where that will not show that it is ready. */
  function answered(node: ProbeReport | undefined): string | undefined {
    if (node?.is !== 'answers' || node.codes.some((code) => code >= 500)) return undefined
    const advice = `${readiness.guessed ? 'set' : 'correct'} readiness.path`
    const codes = [...new Set(node.codes)].join(' and ')
    return `the server on its node answers ${codes} to ${readiness.paths.join(', ')}; ${advice}`
  }

  async function check(): Promise<void> {
    if (checked) return
    checked = true
    await sayInOrder(CHECKING)
  }

  function readyOnNode({ base, reachable }: Reached, port: number): LaunchWord {
    return readyAt(base, [`reachable: ${reachable}`, ...(reachable ? [] : [tunnel(port)])])
  }

  function ready(word: LaunchWord): Promise<void> {
    onReady()
    return sayInOrder(word)
  }

  async function sayInOrder(word: LaunchWord): Promise<void> {
    await awaitQuiet({ listen, pace, signal })
    await say(word)
  }
}

/** `host:port` as an address; undefined for what cannot be one. */
function baseOf(endpoint: string): string | undefined {
  const address = /^https?:\/\//.test(endpoint) ? endpoint : `http://${endpoint}`
  if (!URL.canParse(address)) return undefined
  const { protocol, host, pathname } = new URL(address)
  return `${protocol}//${host}${pathname === '/' ? '' : pathname.replace(/\/+$/, '')}`
}
