import { nodeNotFound } from '../errors.js'
import type { Appender } from '../logs/appender.js'
import { TERMINATED_ENTRY } from '../logs/end-entries.js'
import type { Registry } from '../nodes/registry.js'
import type { LaunchRows } from './launch-rows.js'
import type { Runs } from './runs.js'

export interface TerminationOptions {
  rows: LaunchRows
  runs: Runs
  registry: Registry
  appender: Appender
  locked: <T>(act: () => Promise<T>, nodeId?: string) => Promise<T>
}

/** Terminates a node: its launch, if that is not over, or else its record alone. */
export function createTermination({ rows, runs, registry, appender, locked }: TerminationOptions) {
  return (nodeId: string): Promise<void> =>
    locked(async () => {
      const run = runs.of(nodeId)
      const launchId = run?.isOver() ? undefined : await rows.unended(nodeId)
      if (launchId !== undefined) {
        // The process that runs it finds this when it renews its lease, if it is not this one.
        await rows.cancel(launchId)
        run?.cancel()
        return
      }
      const node = await registry.find(nodeId)
      if (!node) throw nodeNotFound()
      if (node.phase === 'failed') return
      await appender.append(nodeId, [TERMINATED_ENTRY])
    }, nodeId)
}
