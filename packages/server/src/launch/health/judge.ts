import type { Appender } from '../../logs/appender.js'
import { healthyEntry, unhealthyEntry } from '../../logs/health-entry.js'
import type { Latencies } from '../../nodes/latencies.js'
import type { Registry } from '../../nodes/registry.js'
import { FAILURES, type Watched } from './watched.js'

export interface JudgeOptions {
  registry: Pick<Registry, 'touched'>
  latencies: Pick<Latencies, 'set'>
  appender: Pick<Appender, 'appendWhile'>
}

/** Asks a server once, and says in its node's log if its health has changed. */
export function createJudge({ registry, latencies, appender }: JudgeOptions) {
  return async (nodeId: string, server: Watched): Promise<void> => {
    const { latency, fault } = await server.ask()
    // The node may be gone, or active elsewhere, by now.
    if (server.work.signal.aborted) return
    if (fault === undefined) await answered(nodeId, server, latency)
    else await failed(nodeId, server, fault)
  }

  async function answered(nodeId: string, server: Watched, latency: number): Promise<void> {
    if (server.isTold) await tell(nodeId, healthyEntry(Date.now() - (server.since ?? Date.now())))
    server.failures = 0
    server.since = undefined
    server.isTold = false
    if (latencies.set(nodeId, latency)) registry.touched(nodeId)
  }

  async function failed(nodeId: string, server: Watched, reason: string): Promise<void> {
    server.failures += 1
    server.since ??= Date.now()
    if (server.isTold || server.failures < FAILURES) return
    await tell(nodeId, unhealthyEntry({ since: new Date(server.since), reason }))
    server.isTold = true
  }

  async function tell(
    nodeId: string,
    entry: ReturnType<typeof healthyEntry | typeof unhealthyEntry>,
  ): Promise<void> {
    await appender.appendWhile('active', nodeId, [entry])
  }
}
