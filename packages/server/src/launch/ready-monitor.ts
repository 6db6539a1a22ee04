import { type ChildSignal, childSignal } from '@launchtail/client/async'
import { phaseOrder } from '@launchtail/client/protocol'
import { startRounds } from '../async/rounds.js'
import { CHECKING } from '../ingest/launch-line.js'
import type { Appender } from '../logs/appender.js'
import type { Ends } from '../nodes/ends/ends.js'
import type { SentIn, SentInLaunch } from '../nodes/sent-in.js'
import { type Probe, startProbe } from './probe.js'
import { askedAt } from './probe-url.js'

export interface ReadyMonitorOptions {
  sentIn: Pick<SentIn, 'launching'>
  ends: Pick<Ends, 'setWhile'>
  appender: Pick<Appender, 'append'>
  onFault: (message: string, error: unknown) => void
  /** Milliseconds between two rounds, and between two requests to a server. */
  every?: number
}

export interface ReadyMonitor {
  stop(): Promise<void>
}

interface Asking {
  readonly url: string
  readonly base: string
  readonly probe: Probe
  readonly work: ChildSignal
  /** True once the log says that the server is being asked. */
  isTold: boolean
}

/**
 * Asks the servers of launches that other programs make whether they are ready: those whose node has a
 * `ready_url`. The node is active when its server is.
 */
export function startReadyMonitor({
  sentIn,
  ends,
  appender,
  onFault,
  every = 2000,
}: ReadyMonitorOptions): ReadyMonitor {
  const asking = new Map<string, Asking>()
  const rounds = startRounds(check, {
    every,
    onFault: (error) => onFault('asking servers whether they are ready', error),
  })
  return { stop }

  async function stop(): Promise<void> {
    await rounds.stop()
    for (const nodeId of asking.keys()) forget(nodeId)
  }

  async function check(): Promise<void> {
    const launches = await sentIn.launching()
    const wanted = new Map(launches.map((launch) => [launch.nodeId, launch.readyUrl]))
    for (const [nodeId, { url }] of asking) if (wanted.get(nodeId) !== url) forget(nodeId)
    for (const launch of launches) {
      try {
        if (launch.readyUrl !== undefined) await look(launch, launch.readyUrl)
      } catch (error) {
        onFault(`asking whether ${launch.nodeId} is ready`, error)
      }
    }
  }

  async function look({ nodeId, phase }: SentInLaunch, url: string): Promise<void> {
    const asked = asking.get(nodeId) ?? begin(nodeId, url)
    const { probe, base } = asked
    if (probe.ready) {
      await ends.setWhile(nodeId, () => true, { status: 'active', endpoint: base })
      forget(nodeId)
    } else if (probe.answers && !asked.isTold && phaseOrder(phase) < phaseOrder('health_check')) {
      await appender.append(nodeId, [CHECKING])
      asked.isTold = true
    }
  }

  function begin(nodeId: string, url: string): Asking {
    const work = childSignal()
    const asked = askedAt(url)
    const probe = startProbe({ ...asked, mark: 'query', interval: every, signal: work.signal })
    const begun = { url, base: asked.base, probe, work, isTold: false }
    asking.set(nodeId, begun)
    return begun
  }

  function forget(nodeId: string): void {
    asking.get(nodeId)?.work.abort()
    asking.delete(nodeId)
  }
}
